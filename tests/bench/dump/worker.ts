/**
 * Compiles programs without running them, as a process of its own, for which `XLA_FLAGS` name the folder
 * that XLA writes them to. Reads a line of JSON: a list of `ProgramRequest`. Answers with a line for each:
 * the program's name, inputs and outputs (`CompiledOnly`).
 */
import type * as tf from "@tensorflow/tfjs-core";
import { startCompute } from "../../../stages/tensorflow/kernels/backend.ts";
import { filledTensor } from "../../../stages/tensorflow/kernels/filled_tensor.ts";
import { disableTensorFloat } from "../../../stages/tensorflow/library/tensor_float.ts";
import { ensureLibrary } from "../../../stages/tensorflow/library/open_library.ts";
import { compileOnly } from "../../../stages/tensorflow/programs/compile_only.ts";
import { lines } from "../lines.ts";
import { type Inputs, type Programs, programsOf } from "../programs.ts";
import type { Workload } from "../workload.ts";

export interface ProgramRequest {
  readonly program: keyof Programs;
  readonly job: Workload;
}

if (import.meta.main) {
  const { value } = await lines(Deno.stdin.readable).next();
  const requests: ProgramRequest[] = JSON.parse(value!);
  await ensureLibrary({ report() {}, say: (line) => console.error(line) });
  const compute = await startCompute({ threads: requests[0]!.job.threads });
  disableTensorFloat(compute.binding.native.path); // as on a GPU: float32 is float32
  /** A tensor without values, whose memory is reserved but not used. */
  const empty = (...shape: number[]) => filledTensor(shape, "float32", () => {});

  const weightsOf = ({ parameters }: Workload): Record<string, tf.Tensor> =>
    Object.fromEntries(parameters.map(({ name, shape }) => [name, empty(...shape)]));

  const batchOf = ({ pairs, positions, words, hidden }: Workload): Inputs["batch"] => ({
    textEmbedding: empty(pairs, words, hidden),
    wordMask: empty(pairs, words),
    imageEmbedding: empty(pairs, positions - words, hidden),
    regionMask: empty(pairs, positions - words),
  } as Inputs["batch"]);

  for (const { program, job } of requests) {
    const name = { name: program };
    const functions = programsOf(job);
    const compiled = program === "update"
      ? compileOnly(
        compute,
        functions.update,
        {
          state: { weights: weightsOf(job), first: weightsOf(job), second: weightsOf(job) },
          gradients: weightsOf(job),
          scalars: { learningRate: empty(), stepSize: empty() },
        },
        name,
      )
      : compileOnly(
        compute,
        functions[program],
        { weights: weightsOf(job), batch: batchOf(job) },
        name,
      );
    console.log(JSON.stringify(compiled));
  }
  Deno.exit(0);
}
