import assert from "node:assert/strict";
import { canonicalCorrelation, project } from "../../../stages/model/canonical_correlation.ts";

const at = (i: number, j: number, k: number) =>
  Math.sin(1.7 * i + 2.3 * j * j + k * 0.9 * i * j) + 0.3 * Math.cos(5.1 * i * j + k);
const xOfY = [0, 0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 8];
const x = Array.from({ length: 9 }, (_, i) => Array.from({ length: 4 }, (_, j) => at(i, j, 1)));
const y = xOfY.map((own, t) =>
  Array.from(
    { length: 3 },
    (_, j) => at(own, j, 2) + 0.4 * x[own]![j]! + 0.1 * Math.sin(3 * t + j),
  )
);
const close = (found: ArrayLike<number>, expected: readonly number[], tolerance = 1e-9) =>
  expected.forEach((value, place) =>
    assert.ok(
      Math.abs(found[place]! - value) < tolerance,
      `${place}: ${found[place]} is not ${value}`,
    )
  );

Deno.test("canonicalCorrelation() agrees with whitening by matrix roots and NumPy's SVD", () => {
  const { x: left, y: right, correlations } = canonicalCorrelation(x, y, xOfY, { x: 0.5, y: 0.25 });
  close(correlations, [0.79590497, 0.68067304, 0.22656982], 5e-9);
  const images = project(x, left);
  const cosines = project(y, right).mmul(images.transpose());
  // deno-fmt-ignore
  const expected: Record<number, number[]> = {
    0: [0.9905173027, -0.5271422087, 0.7090666384, -0.1763650379, -0.7889634532, 0.5301538951,
      -0.6660687852, 0.8878884701, -0.8087613108],
    5: [-0.0401714204, -0.7361389702, -0.218157187, 0.9666523715, -0.3461625873, -0.9035292728,
      0.808244195, 0.3070784078, -0.4539811421],
    11: [-0.8239257462, 0.9582719566, -0.5690670911, -0.4392069395, 0.8270024365, 0.1648751132,
      0.0034587953, -0.9693949479, 0.9941125247],
  };
  for (const [text, row] of Object.entries(expected)) close(cosines.getRow(Number(text)), row);
});

Deno.test("views of different widths give the same correlations in either order", () => {
  const texts = xOfY.map((own) => x[own]!);
  const there = canonicalCorrelation(x, y, xOfY, { x: 1, y: 1 });
  const back = canonicalCorrelation(y, texts, y.map((_, t) => t), { x: 1, y: 1 });
  close(back.correlations, Array.from(there.correlations), 1e-12);
});

Deno.test("a component that both views share is found, whatever else they contain", () => {
  const noise = (i: number, j: number) => (43758.5453 * Math.sin(12.9898 * i + 78.233 * j)) % 1;
  const hidden = Array.from({ length: 60 }, (_, i) => [noise(i, 1), noise(i, 2)]);
  const left = hidden.map(([a, b], i) => [a! + b!, a! - b!, 2 * noise(i, 3), 2 * noise(i, 4)]);
  const right = hidden.map(([a, b], i) => [3 * a!, noise(i, 5), b!]);
  const own = hidden.map((_, i) => i);
  const { correlations } = canonicalCorrelation(left, right, own, { x: 1e-6, y: 1e-6 });
  assert.ok(correlations[0]! > 0.999 && correlations[1]! > 0.999, String(correlations));
  assert.ok(correlations[2]! < 0.6, String(correlations));
});

Deno.test("a constant view gives no correlation and no error", () => {
  const same = x.map(() => [1, 2]);
  const { x: left } = canonicalCorrelation(same, y, xOfY, { x: 1, y: 1 });
  const rows = project(same, left);
  assert.ok(rows.to1DArray().every((value) => value === 0));
});
