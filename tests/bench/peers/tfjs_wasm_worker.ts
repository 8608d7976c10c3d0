/**
 * The route `tfjs-wasm`: the functions of this project op by op on tfjs's WebAssembly backend, which
 * computes in float32. Runs under the `deno.json` beside it, which has the backend.
 */
import "@tensorflow/tfjs";
import * as tf from "@tensorflow/tfjs-core";
import { answerTurns } from "../answer_turns.ts";
import { opByOp, programsOf } from "../programs.ts";
import { stepOf } from "../steps.ts";

const { version_wasm, getThreadsCount } = await import("@tensorflow/tfjs-backend-wasm" as string);

await answerTurns(async (job) => {
  if (!await tf.setBackend("wasm")) throw new Error("tfjs's WebAssembly backend does not start");
  return {
    description: `tfjs-backend-wasm ${version_wasm}, threads: ${getThreadsCount()}`,
    step: stepOf(job, opByOp(programsOf(job))),
  };
});
