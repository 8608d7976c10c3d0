import * as v from "valibot";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { defineStage } from "../../../pipeline/contract/stage.ts";

/** Writes random numbers into a file. */
export const toyNumbers = defineStage({
  name: "toy_numbers",
  summary: "random numbers",
  parameters: v.strictObject({
    count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 10),
    seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
    fail: v.optional(
      v.picklist(["no", "complaint", "bug", "crash", "hang", "row", "memory"]),
      "no",
    ),
    /** Milliseconds before it does anything. */
    pause: v.optional(v.pipe(v.number(), v.minValue(0))),
  }),
  inputs: {},
  output: "numbers",
  compute: false,
  memoryUse: { parameters: ["count"], note: "more seeds help, too" },
  sharesProcess: true,
  resumable: false,
  async run({ parameters, folder, progress, record }) {
    await new Promise((resolve) => setTimeout(resolve, parameters.pause ?? 0));
    const { numberLines } = await import("./parts/number_lines.ts");
    if (parameters.fail === "complaint") {
      const { Complaint } = await import("../../../pipeline/contract/complaint.ts");
      throw new Complaint("the numbers ran out", "use fewer numbers");
    }
    if (parameters.fail === "memory") {
      const { OutOfMemory } = await import("../../../pipeline/contract/out_of_memory.ts");
      throw new OutOfMemory("run numbers: 8 bytes");
    }
    console.log("toy_numbers speaks on standard output");
    console.error("toy_numbers speaks on standard error");
    if (parameters.fail === "row") record.row("query_rank", { foo: 1 });
    if (parameters.fail === "bug") throw new TypeError("toy bug");
    if (parameters.fail === "crash") Deno.kill(Deno.pid, "SIGKILL");
    // As a library that is deep in native code: nothing of this thread runs any more.
    if (parameters.fail === "hang") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    const stream = randomStream(parameters.seed).fork("numbers");
    await Deno.writeTextFile(`${folder}/numbers.txt`, numberLines(stream, parameters.count));
    progress.report(parameters.count, parameters.count, "numbers");
  },
});
