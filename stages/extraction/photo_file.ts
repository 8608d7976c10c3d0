import { BadPhoto } from "../vision/photo_pixels.ts";

/**
 * The bytes of a photo's file.
 * @throws {BadPhoto} for what is no file, or is kept from us
 */
export async function readPhotoFile(path: string): Promise<Uint8Array> {
  try {
    // A pipe would be waited for without end.
    const { isFile, isDirectory } = await Deno.stat(path);
    if (!isFile) throw new BadPhoto(isDirectory ? "it is a folder" : "it is no ordinary file");
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) throw new BadPhoto("it is not there", { cause });
    if (cause instanceof Deno.errors.PermissionDenied) {
      throw new BadPhoto("it may not be read", { cause });
    }
    if (cause instanceof Deno.errors.FilesystemLoop) {
      throw new BadPhoto("it is a link that leads to itself", { cause });
    }
    throw cause;
  }
}
