/** The published build for GPUs, opened where there is none. */
import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { fetchPackage } from "../../../../pipeline/fetch/package_fetch.ts";
import { isCudaBuild } from "../../../../stages/tensorflow/library/cuda_build.ts";
import { cudaWheels } from "../../../../stages/tensorflow/library/cuda_release.ts";
import { visibleGpus } from "../../../../stages/tensorflow/library/gpus.ts";
import { libraryIdentity } from "../../../../stages/tensorflow/library/library_identity.ts";
import { projectFolder } from "../../../support/command.ts";
import { longTest } from "../../../support/long_test.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

/** Compiles and runs a program in a process of its own, with the library and the planned device. */
async function compute(
  library: string | undefined,
  device: string,
): Promise<{ flags: string; description: string; values: number[]; error: string }> {
  const url = (path: string) => JSON.stringify(import.meta.resolve(`../../../../${path}`));
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import * as tf from "@tensorflow/tfjs-core";
      import { startCompute } from ${url("stages/tensorflow/kernels/backend.ts")};
      import { compile } from ${url("stages/tensorflow/programs/compile.ts")};
      const answer = { flags: "", description: "", values: [], error: "" };
      try {
        const compute = await startCompute({ threads: 1 });
        answer.description = compute.description;
        answer.flags = Deno.env.get("XLA_FLAGS") ?? "";
        const run = compile(compute, ({ a, rows }) => ({
          product: tf.matMul(a, a, false, true), gathered: tf.gather(a, rows),
        }), { name: "run" });
        const a = tf.tensor2d(Array.from({ length: 12 }, (_, i) => Math.fround(Math.sin(i))), [3, 4]);
        const { product, gathered } = run({ a, rows: tf.tensor1d([2, 0], "int32") });
        answer.values = [...product.dataSync(), ...gathered.dataSync()];
      } catch (error) { answer.error = String(error); }
      console.log(JSON.stringify(answer));`,
    ],
    cwd: projectFolder,
    env: {
      IAIS_DEVICE: device,
      XLA_FLAGS: "--xla_cpu_enable_fast_math=false",
      ...(library !== undefined && { TENSORFLOW_LIBRARY: library }),
    },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.notEqual(text, "", new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

longTest(
  "the published build for GPUs computes on a processor, and stops a stage planned for a GPU",
  async () => {
    const [wheel] = cudaWheels();
    if (wheel === undefined || visibleGpus().length > 0) {
      return console.error("skipped: there is no such build for this system, or a GPU");
    }
    using folder = temporaryFolder();
    const library = `${folder.path}/tensorflow/libtensorflow_cc.so.2`;
    await fetchPackage(wheel, `${folder.path}/tensorflow`, {
      progress: { report() {}, say: (line) => console.error(line) },
      unavailable: (why) => new Complaint(why, "connect to a package index"),
    });
    assert.ok(isCudaBuild(library));
    assert.equal(await libraryIdentity({ path: library, place: "elsewhere" }), "2.21.0-cuda");

    const here = await compute(library, "cpu");
    assert.equal(here.error, "");
    assert.match(here.description, /^TensorFlow 2\.21\.0 on CPU, 1 thread$/);
    assert.equal(
      here.flags,
      "--xla_cpu_enable_fast_math=false --xla_gpu_deterministic_ops=true " +
        "--xla_gpu_enable_scatter_determinism_expander=true --xla_gpu_enable_triton_gemm=false",
    );
    const usual = await compute(undefined, "cpu");
    assert.equal(usual.flags, "--xla_cpu_enable_fast_math=false");
    assert.equal(here.values.length, 9 + 8);
    for (const [place, value] of here.values.entries()) {
      // Sums of 4 products of numbers up to 1, in any order: 4 roundings of at most 4 x 2^-24.
      assert.ok(Math.abs(value - usual.values[place]!) <= 2 * 16 * 2 ** -24);
    }

    const planned = await compute(library, "gpu");
    assert.match(
      planned.error,
      /^error: the stage was planned for a GPU, but TensorFlow found none/,
    );
  },
);
