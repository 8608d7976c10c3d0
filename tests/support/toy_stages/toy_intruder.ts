import * as v from "valibot";
import { defineStage } from "../../../pipeline/contract/stage.ts";

/** Tries what its process may not do. */
export const toyIntruder = defineStage({
  name: "toy_intruder",
  summary: "tries to reach beyond its folder",
  parameters: v.strictObject({
    /** A path that it was not given. */
    elsewhere: v.string(),
    reckless: v.optional(v.boolean(), false),
  }),
  inputs: { numbers: { kinds: ["numbers"], summary: "what it may read" } },
  output: "attempts",
  compute: false,
  resumable: false,
  async run({ parameters: { elsewhere, reckless }, inputs, folder }) {
    if (reckless) await Deno.writeTextFile(`${elsewhere}/own.txt`, "here");
    const { attempts } = await import("./parts/attempts.ts");
    const outcomes = attempts({ numbers: inputs["numbers"]!.folder, folder, elsewhere });
    await Deno.writeTextFile(`${folder}/attempts.json`, JSON.stringify(outcomes));
  },
});
