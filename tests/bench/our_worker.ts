/**
 * The routes of this project, as a worker process: `ours` (recorded, under XLA), `recorded` (without
 * XLA) and `eager` (tfjs op by op).
 */
import { startCompute } from "../../stages/tensorflow/kernels/backend.ts";
import { compile } from "../../stages/tensorflow/programs/compile.ts";
import { ensureLibrary } from "../../stages/tensorflow/library/open_library.ts";
import { answerTurns } from "./answer_turns.ts";
import { eachProgram, opByOp, programsOf } from "./programs.ts";
import { stepOf } from "./steps.ts";

const [route] = Deno.args;

await answerTurns(async (job) => {
  await ensureLibrary({ report() {}, say: (line) => console.error(line) });
  const compute = await startCompute({ threads: job.threads });
  const functions = programsOf(job);
  const programs = route === "eager" ? opByOp(functions) : eachProgram(
    functions,
    (fn, name) =>
      compile(compute, fn as never, { name, xla: route === "ours", consumes: "state" }) as never,
  );
  return { description: compute.description, step: stepOf(job, programs) };
});
