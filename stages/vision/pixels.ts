/** Pictures as pixels. */
import { loadImage } from "@napi-rs/canvas";
import { createCanvas } from "@napi-rs/canvas";
import { Complaint } from "../../pipeline/complaint.ts";

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha of each pixel, row by row, 0..255. */
  readonly data: Uint8ClampedArray;
}

/** @throws {Complaint} with the file's name when it is no readable picture. */
export async function decodePicture(path: string): Promise<Pixels> {
  try {
    const image = await loadImage(await Deno.readFile(path));
    const { width, height } = image;
    const context = createCanvas(width, height).getContext("2d");
    context.drawImage(image, 0, 0);
    return { width, height, data: context.getImageData(0, 0, width, height).data };
  } catch (error) {
    throw new Complaint(
      `${path} is no picture that can be read: ${error instanceof Error ? error.message : error}`,
      "replace or remove the file",
      { exitCode: 1, cause: error },
    );
  }
}
