import * as v from "valibot";
import { defineStage, type OutsideFile } from "../pipeline/contract/stage.ts";

export const evaluate = defineStage({
  name: "evaluate",
  summary: "ranks every caption against every image of a split; judges swapped pairs",
  parameters: v.pipe(
    v.strictObject({
      split: v.optional(v.pipe(v.string(), v.nonEmpty()), "test"),
      // cross: the ranking head on every pair; branches: cosines of the two branches; sum: the cross
      // score + branch_weight x cosine.
      scores: v.optional(v.picklist(["cross", "branches", "sum"]), "cross"),
      // Of the cosine. By default what a model was tuned with by `fine_tune` with `branch_weight`, whose
      // cross scores are then taken as they are; else 10, beside standardised cross scores.
      branch_weight: v.optional(v.pipe(v.number(), v.minValue(0))),
      // Above 0, two-stage ranking: of each text so many images, and of each image as many times its
      // texts, are chosen by the branches and ranked by the scores; all others stand below.
      shortlist: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
      // Above 0, beside scoring all pairs: what a shortlist of so many would give and lose, as metrics
      // `rerank_…`.
      rerank: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
      // Pairs that go through the encoder together.
      block: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 256),
      // false: TensorFlow runs the recorded programs without XLA. Slower; other last bits.
      xla: v.optional(v.boolean(), true),
      // Beside the true recalls those that the published release would tell: metrics `release_…`.
      release_recall: v.optional(v.boolean(), false),
      // K of Recall@K.
      recall_at: v.optional(
        v.pipe(
          v.array(v.pipe(v.number(), v.integer(), v.minValue(1))),
          v.minLength(1, "one K at least"),
          v.check((list) => new Set(list).size === list.length, "each K once"),
        ),
        [1, 5, 10],
      ),
      // Recall also as the mean over so many consecutive parts of the split, each ranked by itself:
      // metrics `fold5_…`; 5 on COCO's 5K test is its "1K" protocol.
      folds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2))),
      // Right answers beside the data's own pairs, as ECCV Caption has them: metrics `positives_…`.
      positives: v.optional(v.pipe(v.string(), v.nonEmpty())),
      // Of the encoder's products; bfloat16 is made for GPUs, and for CPUs with xla: false.
      precision: v.optional(v.picklist(["float32", "bfloat16"]), "float32"),
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const { rerank, shortlist, scores } = dataset.value;
      if (rerank === 0 || (shortlist === 0 && scores !== "branches")) return;
      const message = shortlist > 0
        ? "0: with `shortlist` there is no full scoring to compare with"
        : "0: with `scores: branches` there is nothing to rank again";
      addIssue({
        message,
        expected: message,
        input: rerank,
        path: [{
          type: "object",
          origin: "value",
          input: dataset.value,
          key: "rerank",
          value: rerank,
        }],
      });
    }),
  ),
  paths: ["positives"],
  outside: ({ positives }) => positives === undefined ? [] : positivesFiles(positives),
  inputs: {
    model: { kinds: ["model"], summary: "weights to evaluate" },
    features: { kinds: ["features"], summary: "images and captions to rank" },
  },
  output: "recall",
  compute: true,
  sharesProcess: true,
  resumable: true,
  async run(context) {
    const { evaluation } = await import("./evaluate/recall_run.ts");
    await evaluation(context);
  },
});

/** ECCV Caption has a file for each direction, side by side; our own holds both. */
function positivesFiles(path: string): OutsideFile[] {
  const what = "right answers of queries (JSON)";
  const [, before] = /^(.*)(?:image_to_caption|caption_to_image)\.json$/s.exec(path) ?? [];
  if (before === undefined) return [{ role: "positives", path, file: true, what }];
  return ["image_to_caption", "caption_to_image"].map((role) => ({
    role,
    path: `${before}${role}.json`,
    file: true,
    what,
  }));
}
