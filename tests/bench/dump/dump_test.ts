/** What `bench --dump` writes; in the long tests, that JAX computes from it what we compute. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { registerRoundedMatMulForCpu } from "../../../stages/model/matrix_product.ts";
import { updateScalars } from "../../../stages/train/adamw.ts";
import { zerosLike } from "../../../stages/train/state.ts";
import { longTest } from "../../support/long_test.ts";
import { readNpz } from "../../support/npz.ts";
import { assertRounded, exactResult, numbersOf } from "../../support/rounding.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { firstInputs, type Inputs, programsOf } from "../programs.ts";
import { succeeds } from "../succeeds.ts";
import type { Workload } from "../workload.ts";
import { dump, type DumpedWorkload } from "./dump.ts";
import { readHloModule } from "./hlo_module.ts";

const tiny = { layers: 2, hidden: 24, heads: 3, pairs: 5, positions: 10 };

async function dumpTiny(folder: string, precisions: readonly Workload["precision"][]) {
  await dump(folder, { sizes: { tiny }, pairs: [5], precisions, print() {} });
  return JSON.parse(Deno.readTextFileSync(`${folder}/programs.json`)) as DumpedWorkload[];
}

Deno.test("bench --dump writes whole programs that take weights and batch, in both precisions", async () => {
  using folder = temporaryFolder();
  const workloads = await dumpTiny(folder.path, ["float32", "bfloat16"]);
  assert.deepEqual(
    [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(),
    [
      "programs.json",
      "pytorch_worker.py",
      "run_programs.py",
      "tiny_5x10_bfloat16_gradients.hlo.pb",
      "tiny_5x10_bfloat16_scores.hlo.pb",
      "tiny_5x10_float32_gradients.hlo.pb",
      "tiny_5x10_float32_scores.hlo.pb",
      "tiny_update.hlo.pb",
    ],
  );
  const moduleOf = (file: string) => readHloModule(Deno.readFileSync(`${folder.path}/${file}`));
  const weights = workloads[0]!.job.parameters.map(({ shape }) => [...shape]);
  const batch = [[5, 4, 24], [5, 4], [5, 6, 24], [5, 6]];
  for (const precision of ["float32", "bfloat16"]) {
    const gradients = moduleOf(`tiny_5x10_${precision}_gradients.hlo.pb`);
    assert.deepEqual(gradients.parameters, [...weights, ...batch]);
    assert.deepEqual(gradients.results, [[], ...weights]);
    const scores = moduleOf(`tiny_5x10_${precision}_scores.hlo.pb`);
    assert.deepEqual(scores.parameters, [...weights, ...batch]);
    assert.deepEqual(scores.results, [[5]]);
    for (const { opcodes, fullPrecision } of [gradients, scores]) {
      assert.ok(fullPrecision, "TF32 is off");
      assert.ok(opcodes.has("dot") && !opcodes.has("custom-call"), [...opcodes].join());
    }
  }
  const update = moduleOf("tiny_update.hlo.pb");
  assert.deepEqual(update.parameters, [...Array(4).fill(weights).flat(), [], []]);
  assert.deepEqual(update.results, [...Array(3).fill(weights).flat(), []]);

  const [training] = workloads;
  assert.deepEqual(workloads.map(({ job }) => [job.task, job.precision]), [
    ["training", "float32"],
    ["scoring", "float32"],
    ["training", "bfloat16"],
    ["scoring", "bfloat16"],
  ]);
  const { gradients } = training!.programs;
  const name = training!.job.parameters[0]!.name;
  assert.deepEqual(gradients!.inputs[0], [`weights.${name}`, weights[0]]);
  assert.deepEqual(gradients!.outputs.slice(0, 2), [["loss", []], [
    `gradients.${name}`,
    weights[0],
  ]]);
});

const python = Deno.env.get("PYTHON") ?? "python3";

/** What JAX makes of each program of a dump, by path; undefined without JAX. */
async function madeByJax(
  folder: string,
  precision: string,
): Promise<((program: string) => Record<string, Float32Array>) | undefined> {
  if (!await succeeds(python, "-c", "import jax")) {
    console.warn(`no jax in ${python} (set PYTHON): dumped programs are not run`);
    return undefined;
  }
  const saved = `${folder}/saved`;
  const args = [`${folder}/run_programs.py`, "--precision", precision, "--save", saved];
  const { success, stdout, stderr } = await new Deno.Command(python, {
    args: [...args, "--seconds", "0", "--json", "--torch", "none"],
    env: { JAX_PLATFORMS: "cpu" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.ok(success, text(stderr));
  const { rows } = JSON.parse(text(stdout));
  assert.deepEqual(rows.map((row: { task: string }) => row.task), ["training", "scoring"]);
  return (program) => {
    const file = program === "update" ? "tiny_update" : `tiny_5x10_${precision}_${program}`;
    return Object.fromEntries(
      readNpz(`${saved}/${file}.hlo.pb.npz`).entries()
        .map(([path, { values }]) => [path, values as Float32Array]),
    );
  };
}

/** As the script's paths: `gradients.rank_output.bias`. */
function paths<Values>(numbers: Readonly<Record<string, Values>>): Record<string, Values> {
  return Object.fromEntries(
    Object.entries(numbers).map(([path, values]) => [
      path.replace(/^\//, "").replaceAll("/", ".") || "scores",
      values,
    ]),
  );
}

longTest("JAX computes from a dump what the model computes, up to rounding", async () => {
  using folder = temporaryFolder();
  const [{ job }] = await dumpTiny(folder.path, ["float32"]) as [DumpedWorkload];
  const made = await madeByJax(folder.path, "float32");
  if (made === undefined) return;
  const { gradients, update, scores } = programsOf(job);
  const step = ({ weights, batch }: Inputs) => {
    const { learningRate, stepSize } = updateScalars(1, job.learningRate, job);
    return update({
      state: { weights, first: zerosLike(weights), second: zerosLike(weights) },
      gradients: gradients({ weights, batch }).gradients,
      scalars: {
        learningRate: tf.scalar(Math.fround(learningRate)),
        stepSize: tf.scalar(Math.fround(stepSize)),
      },
    });
  };
  for (const [name, fn] of Object.entries({ gradients, scores, update: step })) {
    const { numbers, spread } = await exactResult(
      () => firstInputs(job),
      fn as (inputs: Inputs) => tf.TensorContainer,
    );
    // Of the two roundings of a weight, all trials can have had opposite ones: its spread is not zero.
    const rounded = (values: Float32Array | Float64Array) =>
      values.map((x) => name === "update" ? Math.max(x, Number.MIN_VALUE) : x);
    const spreads = Object.entries(spread).map(([path, values]) =>
      [path, rounded(values)] as const
    );
    const exact = { numbers: paths(numbers), spread: paths(Object.fromEntries(spreads)) };
    assertRounded(made(name), exact, `JAX's ${name}`);
  }
});

longTest(
  "JAX computes from a dump in bfloat16 what the model computes, up to its steps",
  async () => {
    using folder = temporaryFolder();
    const [{ job }] = await dumpTiny(folder.path, ["bfloat16"]) as [DumpedWorkload];
    const made = await madeByJax(folder.path, "bfloat16");
    if (made === undefined) return;
    await tf.setBackend("cpu");
    if (tf.getKernel("RoundedMatMul", "cpu") == null) registerRoundedMatMulForCpu();
    const { gradients, scores } = programsOf(job);
    for (const [name, fn] of Object.entries({ gradients, scores })) {
      const wanted = paths(numbersOf(() => fn(firstInputs(job)) as tf.TensorContainer));
      const actual = made(name);
      assert.deepEqual(Object.keys(actual), Object.keys(wanted));
      const sizeOf = (path: string) => Math.max(...Array.from(wanted[path]!, Math.abs));
      for (const [path, values] of Object.entries(wanted)) {
        // A key's bias changes nothing: its gradient is what is left of terms as large as its weight's.
        const size = path.endsWith("key.bias")
          ? sizeOf(path.replace(/bias$/, "weight"))
          : sizeOf(path);
        // Sums in another order differ by a step of 2^-8 where they round to the other side, in each layer.
        const allowed = tiny.layers * 2 ** -7 * size;
        const apart = Math.max(...values.map((x, i) => Math.abs(x - actual[path]![i]!)));
        assert.ok(apart <= allowed, `JAX's ${name}: ${path} is ${apart} apart, allowed ${allowed}`);
      }
    }
  },
);
