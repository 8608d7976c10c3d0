import assert from "node:assert/strict";
import { silentProgress } from "../../../../pipeline/contract/progress.ts";
import { ensureLibrary } from "../../../../stages/tensorflow/library/open_library.ts";
import { projectFolder } from "../../../support/command.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

/** The product of a program as XLA gets it, compiled in a process of its own. */
async function recordedProduct(folder: string, disable: boolean): Promise<string> {
  const url = (path: string) => JSON.stringify(import.meta.resolve(`../../../../${path}`));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import * as tf from "@tensorflow/tfjs-core";
      import { startCompute } from ${url("stages/tensorflow/kernels/backend.ts")};
      import { compile } from ${url("stages/tensorflow/programs/compile.ts")};
      import { disableTensorFloat } from ${url("stages/tensorflow/library/tensor_float.ts")};
      const compute = await startCompute({ threads: 1 });
      if (${disable}) disableTensorFloat(compute.binding.native.path);
      const product = compile(compute, ({ a, b }) => tf.matMul(a, b), { name: "product" });
      product({ a: tf.ones([4, 5]), b: tf.ones([5, 6]) }).dataSync();`,
    ],
    cwd: projectFolder,
    env: { XLA_FLAGS: `--xla_dump_to="${folder}" --xla_dump_hlo_as_text` },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const [module] = Array.from(Deno.readDirSync(folder), ({ name }) => name)
    .filter((name) => name.endsWith("before_optimizations.txt"));
  const text = Deno.readTextFileSync(`${folder}/${module}`);
  return text.split("\n").find((line) => line.includes(" dot("))!;
}

Deno.test("with TensorFloat-32 switched off, XLA is told to compute products as exactly as it can", async () => {
  await ensureLibrary(silentProgress);
  using before = temporaryFolder();
  assert.doesNotMatch(await recordedProduct(before.path, false), /operand_precision/);
  using after = temporaryFolder();
  assert.match(
    await recordedProduct(after.path, true),
    /operand_precision=\{highest,highest\}/,
  );
});
