/** Pictures as pixels. */
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { pngFault } from "./png_structure.ts";

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha of each pixel, row by row, 0..255. */
  readonly data: Uint8ClampedArray;
}

/** @throws {Complaint} with the file's name when it is no readable PNG picture. */
export async function decodePicture(path: string): Promise<Pixels> {
  const wrong = (why: string, cause?: unknown) =>
    new Complaint(
      `${path} is no picture that can be read: ${why}`,
      "make the pictures again, or replace this file by a whole PNG",
      { exitCode: 1, cause },
    );
  try {
    const bytes = await Deno.readFile(path);
    const fault = pngFault(bytes);
    if (fault !== undefined) throw wrong(fault);
    const image = await loadImage(bytes);
    const { width, height } = image;
    const context = createCanvas(width, height).getContext("2d");
    context.drawImage(image, 0, 0);
    return { width, height, data: context.getImageData(0, 0, width, height).data };
  } catch (error) {
    if (error instanceof Complaint) throw error;
    throw wrong(error instanceof Error ? error.message : String(error), error);
  }
}
