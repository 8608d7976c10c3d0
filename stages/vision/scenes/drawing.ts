/** Draws a scene as a PNG: a noisy, shaded background and textured, outlined objects. */
import { createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import { canvasHeight, canvasWidth, paints, type SceneObject, type Shape } from "./vocabulary.ts";

/** @param random decides only the background: equal streams give equal backgrounds */
export function drawScene(objects: readonly SceneObject[], random: RandomStream): Uint8Array {
  const canvas = createCanvas(canvasWidth, canvasHeight);
  const context = canvas.getContext("2d");
  drawBackground(context, random);
  const largestFirst = [...objects].sort((a, b) => b.extent - a.extent);
  for (const object of largestFirst) drawObject(context, object);
  return canvas.toBuffer("image/png");
}

/** A muted tone of medium lightness with a linear gradient and noise of +-6 grey levels. */
function drawBackground(context: SKRSContext2D, random: RandomStream): void {
  const image = context.createImageData(canvasWidth, canvasHeight);
  const tone = [0, 1, 2].map((channel) => 118 + 40 * random.fork("tone").uniform(channel));
  const [slopeX, slopeY] = [0, 1].map((axis) => 20 * (random.fork("slope").uniform(axis) - 0.5));
  const noise = random.fork("noise");
  for (let y = 0; y < canvasHeight; y++) {
    for (let x = 0; x < canvasWidth; x++) {
      const pixel = y * canvasWidth + x;
      const shade = slopeX! * (2 * x / canvasWidth - 1) + slopeY! * (2 * y / canvasHeight - 1);
      const speckle = 12 * (noise.uniform(pixel) - 0.5);
      for (let channel = 0; channel < 3; channel++) {
        image.data[4 * pixel + channel] = Math.round(tone[channel]! + shade + speckle);
      }
      image.data[4 * pixel + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}

function drawObject(context: SKRSContext2D, { shape, colour, texture, x, y, extent }: SceneObject) {
  const [main, second, outline] = paints[colour];
  context.save();
  context.translate(x, y);
  outlinePath(context, shape, extent - 1);
  context.fillStyle = main;
  context.fill("evenodd");
  context.save();
  context.clip("evenodd");
  context.fillStyle = second;
  const half = extent / 2;
  const step = Math.max(6, Math.round(extent / 5));
  if (texture === "striped") {
    for (let at = -half; at < half; at += step) context.fillRect(-half, at, extent, step / 2);
  } else if (texture === "dotted") {
    for (let row = 0, dy = -half + step / 2; dy < half; dy += step * 0.85, row++) {
      for (let dx = -half + (row % 2) * step / 2; dx <= half; dx += step) {
        context.beginPath();
        context.arc(dx, dy, step * 0.27, 0, 2 * Math.PI);
        context.fill();
      }
    }
  } else if (texture === "checkered") {
    for (let row = 0; row * step < extent; row++) {
      for (let column = row % 2; column * step < extent; column += 2) {
        context.fillRect(-half + column * step, -half + row * step, step, step);
      }
    }
  }
  context.restore();
  outlinePath(context, shape, extent - 1);
  context.strokeStyle = outline;
  context.lineWidth = 1;
  context.stroke();
  context.restore();
}

/** Corners in a box from -1/2 to 1/2; every shape fills its box. */
const polygons: Partial<Record<Shape, readonly (readonly [number, number])[]>> = {
  square: [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]],
  triangle: [[0, -0.5], [0.5, 0.5], [-0.5, 0.5]],
  diamond: [[0, -0.5], [0.5, 0], [0, 0.5], [-0.5, 0]],
  // deno-fmt-ignore
  cross: [
    [-0.17, -0.5], [0.17, -0.5], [0.17, -0.17], [0.5, -0.17], [0.5, 0.17], [0.17, 0.17],
    [0.17, 0.5], [-0.17, 0.5], [-0.17, 0.17], [-0.5, 0.17], [-0.5, -0.17], [-0.17, -0.17],
  ],
  // deno-fmt-ignore
  star: [
    [0, -0.5], [0.13, -0.13], [0.5, -0.12], [0.2, 0.12], [0.31, 0.5], [0, 0.27],
    [-0.31, 0.5], [-0.2, 0.12], [-0.5, -0.12], [-0.13, -0.13],
  ],
};

function outlinePath(context: SKRSContext2D, shape: Shape, extent: number): void {
  context.beginPath();
  const polygon = polygons[shape];
  if (polygon !== undefined) {
    for (const [x, y] of polygon) context.lineTo(x * extent, y * extent);
  } else if (shape === "heart") {
    const at = (x: number, y: number): [number, number] => [x * extent, y * extent];
    context.moveTo(...at(0, 0.5));
    context.bezierCurveTo(...at(-0.42, 0.2), ...at(-0.5, 0.02), ...at(-0.5, -0.2));
    context.bezierCurveTo(...at(-0.5, -0.6), ...at(-0.06, -0.6), ...at(0, -0.25));
    context.bezierCurveTo(...at(0.06, -0.6), ...at(0.5, -0.6), ...at(0.5, -0.2));
    context.bezierCurveTo(...at(0.5, 0.02), ...at(0.42, 0.2), ...at(0, 0.5));
  } else {
    context.arc(0, 0, extent / 2, 0, 2 * Math.PI);
    if (shape === "ring") {
      context.closePath();
      context.moveTo(0.32 * extent, 0);
      context.arc(0, 0, 0.32 * extent, 0, 2 * Math.PI);
    }
  }
  context.closePath();
}
