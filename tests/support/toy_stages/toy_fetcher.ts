import * as v from "valibot";
import { defineStage } from "../../../pipeline/contract/stage.ts";

/** Declares what `toy_intruder` tries in vain. */
export const toyFetcher = defineStage({
  name: "toy_fetcher",
  summary: "declares what it does",
  parameters: v.strictObject({ elsewhere: v.string() }),
  inputs: { numbers: { kinds: ["numbers"], summary: "what it may read" } },
  output: "attempts",
  compute: false,
  permissions: { native: true, network: true, programs: ["true"] },
  resumable: false,
  async run({ parameters: { elsewhere }, inputs, folder }) {
    const { attempts } = await import("./parts/attempts.ts");
    const outcomes = attempts({ numbers: inputs["numbers"]!.folder, folder, elsewhere });
    await Deno.writeTextFile(`${folder}/attempts.json`, JSON.stringify(outcomes));
  },
});
