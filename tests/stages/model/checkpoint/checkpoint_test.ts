import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { loadCheckpoint, readCheckpoint } from "../../../../stages/model/checkpoint/checkpoint.ts";
import { goldenConfiguration, goldenFile, goldenJson } from "../../../support/goldens.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const reference = await readCheckpoint(goldenFile("model.safetensors"));

Deno.test("readCheckpoint() of the release's initial model has the recorded names and shapes", () => {
  const shapes = Object.entries(reference).map(([name, { shape }]) => [name, shape]);
  assert.deepEqual(Object.fromEntries(shapes), goldenJson("model_keys.json"));
  for (const { shape, values } of Object.values(reference)) {
    assert.equal(values.length, shape.reduce((size, side) => size * side, 1));
  }
});

for (
  const [file, container] of [
    ["model.pt", "zip"],
    ["model_gamma_beta.pt", "zip"],
    ["model_legacy.pt", "stream"],
  ] as const
) {
  Deno.test(`loadCheckpoint() of ${file} gives the same tensors as model.safetensors`, async () => {
    const found = await loadCheckpoint(goldenFile(file));
    assert.equal(found.container, container);
    assert.deepEqual(found.ignored, []);
    assert.deepEqual(found.weights, reference);
  });
}

Deno.test("readCheckpoint() of float16 tensors gives the rounded numbers as float32", async () => {
  const halves = await readCheckpoint(goldenFile("model_fp16.pt"));
  const rounded = Object.entries(reference).map(([name, { shape, values }]) =>
    [name, { shape, values: values.map(Math.f16round) }] as const
  );
  assert.deepEqual(halves, Object.fromEntries(rounded));
});

Deno.test("readCheckpoint() of the release's fine-tuned model has a rank head and no pretraining heads", async () => {
  const tuned = await readCheckpoint(goldenFile("model_finetuned_singular.pt"));
  assert.deepEqual(tuned["rank_output.weight"]!.shape, [1, goldenConfiguration().hidden_size]);
  assert.deepEqual(tuned["rank_output.bias"]!.shape, [1]);
  assert.ok(Object.keys(tuned).every((name) => /^(uniter|itm_output|rank_output)\./.test(name)));
  assert.notDeepEqual(tuned["rank_output.weight"], reference["itm_output.weight"]);
});

for (const file of ["model.pt", "model_legacy.pt"]) {
  Deno.test(`loadCheckpoint() of ${file} reads only the wanted tensors`, async () => {
    const { weights } = await loadCheckpoint(goldenFile(file), {
      wanted: (name) => name.startsWith("itm_output."),
    });
    assert.deepEqual(weights, {
      "itm_output.weight": reference["itm_output.weight"],
      "itm_output.bias": reference["itm_output.bias"],
    });
  });
}

const mistaken: Record<string, { content: string; says: RegExp }> = {
  "an empty file": { content: "", says: /is empty/ },
  "a web page": { content: "<!DOCTYPE html><html>", says: /a text file, not a checkpoint/ },
  "a pointer of Git LFS": {
    content: "version https://git-lfs.github.com/spec/v1\noid sha256:00",
    says: /a text file, not a checkpoint/,
  },
  "a compressed file": { content: "\x1f\x8b\x08 packed", says: /compressed with gzip/ },
  "a picture": { content: "\x89PNG\r\n\x1a\n0000000000", says: /neither PyTorch's nor/ },
};
for (const [what, { content, says }] of Object.entries(mistaken)) {
  Deno.test(`readCheckpoint() says when a file is ${what}`, async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/uniter-base.pt`;
    await Deno.writeFile(path, Uint8Array.from(content, (letter) => letter.charCodeAt(0)));
    await assert.rejects(readCheckpoint(path), (error) => {
      assert.ok(error instanceof Complaint, String(error));
      assert.match(error.what, says);
      assert.equal(error.options.place?.file, path);
      return true;
    });
  });
}
