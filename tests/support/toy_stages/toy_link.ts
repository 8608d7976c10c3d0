import * as v from "valibot";
import { defineStage } from "../../../pipeline/contract/stage.ts";

/** One step of a chain: done in a blink, so that what is measured is the pipeline. */
export const toyLink = defineStage({
  name: "toy_link",
  summary: "a link of a chain",
  parameters: v.strictObject({ place: v.optional(v.number(), 0) }),
  inputs: { from: { kinds: ["numbers"], summary: "the link before" } },
  output: "numbers",
  compute: false,
  sharesProcess: true,
  resumable: false,
  async run({ parameters: { place }, folder }) {
    await Deno.writeTextFile(`${folder}/numbers.txt`, `${place}\n`);
  },
});
