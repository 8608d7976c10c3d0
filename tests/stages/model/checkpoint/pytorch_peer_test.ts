/**
 * PyTorch itself reads what we write, and we read what it writes. Python is $PYTHON or `python3`; if it
 * has no torch, these tests are skipped.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { loadCheckpoint, readCheckpoint } from "../../../../stages/model/checkpoint/checkpoint.ts";
import type { HostWeights } from "../../../../stages/model/weights.ts";
import { writePytorch } from "../../../../stages/model/checkpoint/pytorch_writer.ts";
import { goldenFile } from "../../../support/goldens.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const python = Deno.env.get("PYTHON") ?? "python3";
const script = fileURLToPath(new URL("../../../support/pytorch_check.py", import.meta.url));
const ignore = !hasTorch();
if (ignore) {
  console.warn(`no torch in ${python} (set PYTHON): the tests against PyTorch are skipped`);
}

function hasTorch(): boolean {
  try {
    const args = ["-c", "import torch"];
    return new Deno.Command(python, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

// deno-lint-ignore no-explicit-any -- what the script prints
function pytorch(...args: string[]): any {
  const { success, stdout, stderr } = new Deno.Command(python, { args: [script, ...args] })
    .outputSync();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

type Printed = Record<
  string,
  { readonly shape: readonly number[]; readonly bits: readonly number[] }
>;

/** Weights as the script prints them. */
function printed(weights: HostWeights): Printed {
  const entries = Object.entries(weights).map(([name, { shape, values }]) => {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
    return [name, { shape: [...shape], bits: [...words] }] as const;
  });
  return Object.fromEntries(entries);
}

for (const container of ["zip", "stream"] as const) {
  Deno.test({
    name: `torch.load(weights_only=True) reads a ${container} from writePytorch()`,
    ignore,
    async fn() {
      using folder = temporaryFolder();
      const golden = await readCheckpoint(goldenFile("model.pt"));
      const weights = {
        ...golden,
        "a scalar": { shape: [], values: Float32Array.of(-0) },
        "nothing": { shape: [0, 3], values: new Float32Array() },
        "not numbers": { shape: [3], values: Float32Array.of(NaN, Infinity, 1e-45) },
        "häßlich": { shape: [1, 1, 1, 1, 2], values: Float32Array.of(1, 2) },
      };
      const path = `${folder.path}/model.pt`;
      await writePytorch(path, weights, { container });
      assert.deepEqual(pytorch("load", path), printed(weights));
    },
  });
}

Deno.test({
  name: "readCheckpoint() reads what torch.save writes: views, parameters, types, wrappers",
  ignore,
  async fn() {
    using folder = temporaryFolder();
    for (const name of pytorch("save", folder.path)) {
      const expected = JSON.parse(await Deno.readTextFile(`${folder.path}/${name}.json`));
      for (const variant of ["zip", "protocol4", "stream"]) {
        const file = `${name}_${variant}.pt`;
        const { weights, ignored } = await loadCheckpoint(`${folder.path}/${file}`);
        assert.deepEqual(printed(weights), expected, file);
        assert.deepEqual(ignored, name === "integers" ? ["counts", "flag"] : [], file);
      }
    }
  },
});
