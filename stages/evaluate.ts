import * as v from "valibot";
import { defineStage, type OutsideFile } from "../pipeline/contract/stage.ts";
import { consistent, count, distinct, name, natural, precision, xla } from "./parameter_schemas.ts";

export const evaluate = defineStage({
  name: "evaluate",
  summary: "ranks every caption against every image of a split; judges swapped pairs",
  parameters: v.pipe(
    v.strictObject({
      /** Split to evaluate on. */
      split: v.optional(name, "test"),
      /**
       * cross: the ranking head on every pair; branches: cosine similarity of the two branches, which encode
       * caption and image separately; sum: cross score + branch_weight x cosine.
       */
      scores: v.optional(v.picklist(["cross", "branches", "sum"]), "cross"),
      /**
       * Weight of the cosine. By default the `branch_weight` with which `fine_tune` tuned the model, whose
       * cross scores are then used unchanged; otherwise 10, with standardised cross scores.
       */
      branch_weight: v.optional(v.pipe(v.number(), v.minValue(0))),
      /**
       * Above 0, two-stage ranking: the branches choose this many images per text, and for each image this many
       * times its number of texts, which are ranked by the scores; all others rank below.
       */
      shortlist: v.optional(natural, 0),
      /**
       * Above 0, also report what a shortlist of this size would achieve and lose compared with scoring all
       * pairs, as metrics `rerank_…`.
       */
      rerank: v.optional(natural, 0),
      /** Pairs per batch of the encoder; by default what suits the device, which is not part of the key. */
      block: v.optional(count),
      xla,
      /** Also report the recalls that the published release would compute, as metrics `release_…`. */
      release_recall: v.optional(v.boolean(), false),
      /** K of Recall@K. */
      recall_at: v.optional(distinct(count, "K"), [1, 5, 10]),
      /**
       * Also report recall as the mean over this many consecutive parts of the split, each ranked separately,
       * as metrics `fold5_…`. 5 on COCO's 5K test set is its "1K" protocol.
       */
      folds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2))),
      /** File of additional correct answers, such as ECCV Caption's: metrics `positives_…`. */
      positives: v.optional(name),
      precision,
    }),
    consistent(({ rerank, shortlist, scores }, refuse) => {
      if (rerank === 0) return;
      if (shortlist > 0) {
        refuse("rerank", "use 0: with `shortlist`, full scoring is not available for comparison");
      } else if (scores === "branches") {
        refuse("rerank", "use 0: with `scores: branches`, there is no second ranking");
      }
    }),
  ),
  applies: [
    { parameters: ["branch_weight"], by: "scores", when: ({ scores }) => scores === "sum" },
    // Branches encode captions and images once, and not in pairs.
    {
      parameters: ["shortlist", "block", "precision"],
      by: "scores",
      when: ({ scores }) => scores !== "branches",
    },
  ],
  paths: ["positives"],
  outside: ({ positives }) => positives === undefined ? [] : positivesFiles(positives),
  inputs: {
    model: { kinds: ["model"], summary: "weights to evaluate" },
    features: { kinds: ["features"], summary: "images and captions to rank" },
  },
  output: "recall",
  compute: true,
  memoryUse: {
    parameters: ["block"],
    note: "`block` changes no more than the last bits of scores",
  },
  sharesProcess: true,
  resumable: true,
  async run(context) {
    const { evaluation } = await import("./evaluate/recall_run.ts");
    await evaluation(context);
  },
});

/** ECCV Caption has one file per direction in the same folder; our own format has one for both. */
function positivesFiles(path: string): OutsideFile[] {
  const what = "correct answers of queries (JSON)";
  const [, before] = /^(.*)(?:image_to_caption|caption_to_image)\.json$/s.exec(path) ?? [];
  if (before === undefined) return [{ role: "positives", path, file: true, what }];
  return ["image_to_caption", "caption_to_image"].map((role) => ({
    role,
    path: `${before}${role}.json`,
    file: true,
    what,
  }));
}
