/** Input and output of region finders: pictures as RGB pixels, and boxes. */

export interface RgbPicture {
  readonly width: number;
  readonly height: number;
  /** uint8 [height, width, 3], row-major: red, green, blue. */
  readonly pixels: Uint8Array;
}

/** Fractions of a picture's width and height, 0..1; x0 < x1, y0 < y1. */
export interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}
