import { basename } from "node:path";
import * as v from "valibot";
import {
  defineStage,
  type Examination,
  type ExaminationContext,
} from "../../../pipeline/contract/stage.ts";

/** Takes numbers over from a file outside of the project. */
export const toyRead = defineStage({
  name: "toy_read",
  summary: "numbers of a file",
  parameters: v.strictObject({ file: v.string(), folder: v.optional(v.string()) }),
  paths: ["file", "folder"],
  outside: ({ file, folder }) => [
    { role: "numbers", path: file, file: true, what: "numbers, one per line", size: "about 1 kB" },
    ...(folder === undefined ? [] : [{
      role: "more",
      path: folder,
      anyOf: [["a.txt", "b.txt"], ["ab.txt"]],
      what: "more numbers",
      published: "at example.org/numbers",
    }]),
  ],
  inputs: {},
  output: "numbers",
  compute: false,
  resumable: false,
  async run({ parameters, files, folder, progress }) {
    if (files["numbers"] !== parameters.file) throw new Error("another file");
    progress.say(`reads ${basename(parameters.file)}`);
    await Deno.copyFile(parameters.file, `${folder}/numbers.txt`);
  },
});

export async function examineToyRead(
  { files }: ExaminationContext<unknown>,
): Promise<Examination> {
  const numbers = await Deno.readTextFile(files["numbers"]!);
  const count = numbers.trim().split("\n").length;
  if (numbers.includes("x")) {
    const { Complaint } = await import("../../../pipeline/contract/complaint.ts");
    throw new Complaint("x is no number", "write numbers", {
      place: { file: files["numbers"]! },
    });
  }
  return {
    findings: [{ verdict: "ok", what: `${count} numbers` }],
    facts: { count },
    seconds: count,
    disk: 1000,
  };
}
