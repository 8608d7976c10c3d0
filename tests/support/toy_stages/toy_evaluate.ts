import * as v from "valibot";
import { defineStage } from "../../../pipeline/contract/stage.ts";

/** Turns a model's state into the metrics of a retrieval run. */
export const toyEvaluate = defineStage({
  name: "toy_evaluate",
  summary: "metrics of a toy model",
  parameters: v.strictObject({ split: v.optional(v.picklist(["val", "test"]), "test") }),
  inputs: {
    model: { kinds: ["model"], summary: "a model" },
    numbers: { kinds: ["numbers"], summary: "the numbers it is tried on" },
  },
  output: "recall",
  compute: true,
  resumable: false,
  async run({ parameters: { split }, inputs, folder, record }) {
    const { state } = JSON.parse(
      await Deno.readTextFile(`${inputs["model"]!.folder}/model.json`),
    );
    for (const [index, direction] of ["i2t", "t2i"].entries()) {
      for (const k of [1, 5, 10]) {
        const value = ((state + 7 * index) % 50) / 100 + k / 25;
        record.metric(`${direction}_r${k}`, value, { split });
      }
      record.row("query_rank", {
        direction,
        query: "first",
        split,
        rank: 1 + (state % 7),
        ties: 0,
        top_ids: JSON.stringify(["a", "b"]),
        top_scores: JSON.stringify([0.5, 0.25]),
      });
    }
    for (const name of ["pair_text", "pair_image", "pair_group"]) {
      record.metric(name, (state % 100) / 100, { split });
    }
    await Deno.writeTextFile(`${folder}/index.json`, JSON.stringify({ state }));
  },
});
