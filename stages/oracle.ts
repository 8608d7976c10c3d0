import * as v from "valibot";
import { defineStage } from "../pipeline/contract/stage.ts";
import { count, distinct, name } from "./parameter_schemas.ts";

export const oracle = defineStage({
  name: "oracle",
  summary:
    "expected recall of a ranker that knows the scenes: their objects alone, or relations too",
  parameters: v.strictObject({
    /** Split to evaluate on. */
    split: v.optional(name, "test"),
    /**
     * objects: which objects a picture shows and a caption mentions, with all their attributes, but no relation;
     * relations: everything that a caption states.
     */
    knows: v.picklist(["objects", "relations"]),
    /** K of Recall@K. */
    recall_at: v.optional(distinct(count, "K"), [1, 5, 10]),
  }),
  inputs: {
    scenes: { kinds: ["scenes"], summary: "rendered pictures with captions" },
  },
  output: "recall",
  compute: false,
  resumable: false,
  async run(context) {
    const { oracle } = await import("./evaluate/oracle.ts");
    await oracle(context);
  },
});
