import assert from "node:assert/strict";
import fc from "fast-check";
import { loadCheckpoint, readCheckpoint } from "../../../../stages/model/checkpoint/checkpoint.ts";
import { writePytorch } from "../../../../stages/model/checkpoint/pytorch_writer.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const weights = fc.dictionary(
  fc.string({ unit: "grapheme", maxLength: 12 }).map((name) => `${name}.weight`),
  fc.record({ shape: fc.array(fc.nat(4), { maxLength: 4 }), seed: fc.nat(1000) }).map(
    ({ shape, seed }) => {
      const count = shape.reduce((size, side) => size * side, 1);
      return { shape, values: Float32Array.from({ length: count }, (_, i) => seed / 3 - i) };
    },
  ),
  { minKeys: 1, maxKeys: 6, noNullPrototype: true },
);

for (const container of ["zip", "stream"] as const) {
  Deno.test(`readCheckpoint() returns what writePytorch() wrote, in a ${container}`, async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/model.pt`;
    await fc.assert(
      fc.asyncProperty(weights, async (written) => {
        await writePytorch(path, written, { container });
        const found = await loadCheckpoint(path);
        assert.deepEqual(found, { container, weights: written, ignored: [] });
        assert.deepEqual(Object.keys(found.weights), Object.keys(written));
      }),
      { numRuns: 100 },
    );
    assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["model.pt"]);
  });

  Deno.test(`writePytorch() writes tied tensors once, and the same bytes each time, in a ${container}`, async () => {
    using folder = temporaryFolder();
    const [once, again] = [`${folder.path}/once.pt`, `${folder.path}/again.pt`];
    const word = { shape: [300, 10], values: new Float32Array(3000).fill(0.5) };
    const tied = { word, decoder: word };
    await writePytorch(once, tied, { container });
    await writePytorch(again, tied, { container });
    const bytes = await Deno.readFile(once);
    assert.deepEqual(await Deno.readFile(again), bytes);
    assert.ok(bytes.length < 1.5 * word.values.byteLength, `${bytes.length} bytes`);
    const found = await readCheckpoint(once);
    assert.deepEqual(found, tied);
    assert.equal(found["word"]!.values, found["decoder"]!.values);
  });
}
