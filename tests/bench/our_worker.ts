/**
 * The routes of this project, as a worker process: `ours` (recorded, under XLA), `recorded` (without
 * XLA) and `eager` (tfjs op by op). Reads the workload and then the number of steps to time from
 * standard input, a line each; answers with a line of JSON each.
 */
import * as tf from "@tensorflow/tfjs-core";
import { startCompute } from "../../stages/tensorflow/kernels/backend.ts";
import { compile } from "../../stages/tensorflow/programs/compile.ts";
import { ensureLibrary } from "../../stages/tensorflow/library/open_library.ts";
import { type UpdateInputs, updateScalars } from "../../stages/train/adamw.ts";
import { zerosLike } from "../../stages/train/state.ts";
import { lines } from "./lines.ts";
import { firstInputs, programsOf } from "./programs.ts";
import type { Workload } from "./workload.ts";

const route = Deno.args[0]!;
const input = lines(Deno.stdin.readable);
const job = JSON.parse((await input.next()).value!) as Workload;
await ensureLibrary({ report() {}, say: (line) => console.error(line) });
const compute = await startCompute({ threads: job.threads });

/** Makes the function of a route. */
function routed<From, To>(fn: (inputs: From) => To, name: string): (inputs: From) => To {
  if (route === "eager") return (inputs) => tf.tidy(() => fn(inputs) as tf.TensorContainer) as To;
  // deno-lint-ignore no-explicit-any
  return compile<any, any>(compute, fn as any, { name, xla: route === "ours" });
}

const functions = programsOf(job);
const { weights, batch } = firstInputs(job);

/** Forward and gradients, clipping and AdamW; gives the loss. Two programs, as in training. */
function trainer(): () => number {
  const gradients = routed(functions.gradients, "bench_gradients");
  const update = routed(functions.update, "bench_update");
  let state = {
    weights,
    first: zerosLike(weights),
    second: zerosLike(weights),
  } as UpdateInputs["state"];
  let updates = 0;
  return () => {
    const { loss, gradients: gradient } = gradients({ weights: state.weights, batch });
    const numbers = updateScalars(++updates, job.learningRate, job);
    const scalars = {
      learningRate: tf.scalar(numbers.learningRate),
      stepSize: tf.scalar(numbers.stepSize),
    };
    const next = update({ state, gradients: gradient, scalars });
    const value = loss.dataSync()[0]!;
    tf.dispose([loss, gradient, scalars, next.norm, state.weights, state.first, state.second]);
    state = next.state;
    return value;
  };
}

/** The sum of the pairs' scores. */
function scorer(): () => number {
  const score = routed(functions.scores, "bench_scores");
  return () => {
    const scores = score({ weights, batch });
    const values = scores.dataSync();
    scores.dispose();
    return (values as Float32Array).reduce((sum, x) => sum + x, 0);
  };
}

const begun = performance.now();
const step = job.task === "training" ? trainer() : scorer();
const check = [step()];
const first = (performance.now() - begun) / 1000;
check.push(step(), step());
console.log(JSON.stringify({ description: compute.description, check, first }));
for await (const count of input) {
  step(); // caches are cold after the other routes' turn
  const seconds = Array.from({ length: Number(count) }, () => {
    const begun = performance.now();
    step();
    return (performance.now() - begun) / 1000;
  });
  console.log(JSON.stringify({ seconds }));
}
Deno.exit(0);
