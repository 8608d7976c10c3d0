/** Pictures of a few objects on a plain, shaded background, for tests of vision. */
import { createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import type { Pixels } from "../../stages/vision/objects/pixels.ts";

export function drawnPicture(
  draw: (context: SKRSContext2D) => void,
  { width = 192, height = 144 }: { readonly width?: number; readonly height?: number } = {},
): Pixels {
  const context = createCanvas(width, height).getContext("2d");
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const noise = (i * 7919) % 13 - 6; // -6..6
    const shade = 165 + 0.1 * x - 0.08 * y + noise;
    image.data.set([shade + 8, shade, shade - 6, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
  draw(context);
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

export const red = "rgb(205,35,40)";
export const darkRed = "rgb(130,12,20)";
export const blue = "rgb(45,85,210)";
export const white = "rgb(250,250,250)";
export const black = "rgb(22,22,24)";

export function disc(context: SKRSContext2D, colour: string, x: number, y: number, radius: number) {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

export function block(
  context: SKRSContext2D,
  colour: string,
  [x1, y1, x2, y2]: readonly [number, number, number, number],
) {
  context.fillStyle = colour;
  context.fillRect(x1, y1, x2 - x1, y2 - y1);
}
