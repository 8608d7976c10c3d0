import * as v from "valibot";
import { defineStage } from "../pipeline/contract/stage.ts";
import { trainingSplits, validationComplaint } from "./data/splits.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const rate = v.pipe(v.number(), v.gtValue(0));
const drop = v.pipe(v.number(), v.minValue(0), v.ltValue(1));
const layer = v.pipe(v.number(), v.integer(), v.minValue(0));

/**
 * A parameter that says nothing without another: refused where that one is not written at all. Where
 * it is, it may be swept (`matrix: { alignment: [none, sparse] }`), and points to which the parameter
 * does not apply pass it over.
 */
const writtenBeside = [
  { name: "projection", needs: "alignment", as: "alignment: sparse" },
  { name: "relation", needs: "alignment", as: "alignment: sparse" },
  { name: "eps", needs: "alignment", as: "alignment: distributed" },
  { name: "k", needs: "projection", as: "projection: topk" },
] as const;

export const fineTune = defineStage({
  name: "fine_tune",
  summary: "fine-tunes for retrieval: mined hard negatives, margin ranking, relation alignment",
  parameters: v.pipe(
    v.strictObject({
      seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
      train: trainingSplits,
      // singular and distributed: IAIS; congruence: CACR; sparse: between them, as the next three say.
      alignment: v.optional(
        v.picklist(["none", "singular", "distributed", "sparse", "congruence"]),
      ),
      projection: v.optional(v.picklist(["topk", "sparsemax", "entmax15"])),
      // Of topk: regions of a word, words of a region.
      k: v.optional(count),
      relation: v.optional(v.picklist(["transport", "roundtrip"])),
      // Within the logarithms of the distance; by default 0 for transport, 1e-6 for roundtrip.
      eps: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
      // Whose attention is aligned: last, all, a layer's number from 0, or a list of them.
      layers: v.optional(
        v.union([
          v.literal("last"),
          v.literal("all"),
          layer,
          v.pipe(
            v.array(layer),
            v.minLength(1, "at least one layer"),
            v.check((layers) => new Set(layers).size === layers.length, "each layer once"),
          ),
        ]),
        "last",
      ),
      // mean: the distance of the mean over heads; each: the mean of the heads' distances.
      heads: v.optional(v.picklist(["mean", "each"]), "mean"),
      // text: the L losses alone, image: the V losses alone.
      modality: v.optional(v.picklist(["text", "image", "both"]), "both"),
      // How the weight grows from update to update.
      schedule: v.optional(
        v.picklist(["exponential", "linear", "logarithmic", "constant"]),
        "exponential",
      ),
      // The release sums the alignment loss over the 8 micro-steps of an update and does not average.
      alignment_weight: v.optional(v.pipe(v.number(), v.minValue(0)), 8),
      steps: v.optional(count, 400),
      micro_steps: v.optional(count, 1),
      anchors: v.optional(count, 8),
      negatives: v.optional(count, 15),
      hard_negatives: v.optional(count, 3),
      margin: v.optional(rate, 0.2),
      learning_rate: v.optional(rate, 3e-4),
      warmup: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 40),
      clip: v.optional(rate, 2),
      weight_decay: v.optional(v.pipe(v.number(), v.minValue(0)), 0.01),
      // Image-anchored pairs without alignment as the published release lays them out, by mistake:
      // some regions are hidden and some padding is seen. To reproduce its baseline.
      release_layout: v.optional(v.boolean(), false),
      // Left out while training: channels of an image's features in all its regions, whole regions.
      feature_drop: v.optional(drop, 0),
      region_drop: v.optional(drop, 0),
      // Above 0, scores are learned on top of the branches as they are at the start, whose cosines
      // count so much; the tuned model keeps them, for `evaluate` with `scores: sum`.
      branch_weight: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
      // There, negatives are the likeliest of so many by the branches; 0: any.
      pool: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
      // Updates between two looks at held-out images; the best weights are kept then. 0: never.
      validate_every: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
      validation_split: v.optional(v.pipe(v.string(), v.nonEmpty()), "val"),
      // The first so many images of that split, ranked with all their captions.
      validation_images: v.optional(count, 100),
      // Beside model.safetensors a model.pt, as PyTorch reads it: zip, or for PyTorch before 1.6 stream.
      pytorch_file: v.optional(v.picklist(["none", "zip", "stream"]), "none"),
      // Of the encoder's products; bfloat16 is made for GPUs, and for CPUs with xla: false.
      precision: v.optional(v.picklist(["float32", "bfloat16"]), "float32"),
      // false: TensorFlow runs the recorded steps without XLA. Slower; other last bits.
      xla: v.optional(v.boolean(), true),
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const message = validationComplaint(dataset.value);
      if (message === undefined) return;
      const { validate_every: value } = dataset.value;
      const path = { type: "object", origin: "value", input: dataset.value, value } as const;
      addIssue({
        message,
        input: value,
        expected: "a `validation_split` beside `train`",
        path: [{ ...path, key: "validate_every" }],
      });
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const given: Readonly<Record<string, unknown>> = dataset.value;
      for (const { name, needs, as } of writtenBeside) {
        const value = given[name];
        if (value === undefined || given[needs] !== undefined) continue;
        const path = { type: "object", origin: "value", input: given, key: name, value } as const;
        addIssue({
          message: `it with \`${as}\`, or leave it out`,
          input: value,
          expected: `\`${needs}\` beside it`,
          path: [path],
        });
      }
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const { negatives, hard_negatives: hard } = dataset.value;
      if (hard <= negatives) return;
      const path = { type: "object", origin: "value", input: dataset.value, value: hard } as const;
      addIssue({
        message: `at most negatives (${negatives})`,
        input: hard,
        expected: "a smaller number",
        path: [{ ...path, key: "hard_negatives" }],
      });
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const { negatives, pool, branch_weight } = dataset.value;
      if (pool === 0 || (branch_weight > 0 && pool >= negatives)) return;
      const input = dataset.value;
      addIssue({
        message: branch_weight > 0
          ? `0, or at least negatives (${negatives})`
          : "0: frozen branches choose from it, and there are none",
        input: pool,
        expected: branch_weight > 0 ? "a larger number" : "`branch_weight` above 0",
        path: [{ type: "object", origin: "value", input, key: "pool", value: pool }],
      });
    }),
    // Defaults that would have hidden from `writtenBeside` what was written.
    v.transform(({ alignment = "none", projection = "sparsemax", k = 2, ...given }) => {
      const { relation = "transport", ...rest } = given;
      return { ...rest, alignment, projection, k, relation };
    }),
  ),
  inputs: {
    features: { kinds: ["features"], summary: "images and captions to train on" },
    weights: { kinds: ["model"], summary: "weights to start from" },
  },
  output: "model",
  compute: true,
  resumable: true,
  async run(context) {
    const { fineTuning } = await import("./train/fine_tune/run.ts");
    const { pairValidation } = await import("./evaluate/validation.ts");
    await fineTuning(context, (model) => pairValidation(context, model));
  },
});
