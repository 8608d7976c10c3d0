import * as v from "valibot";
import { defineStage } from "../pipeline/contract/stage.ts";
import {
  checkValidation,
  consistent,
  count,
  heads,
  keep,
  layers,
  name,
  natural,
  poolUse,
  precision,
  seed,
  trainingImages,
  trainingSplits,
  validationUse,
  xla,
} from "./parameter_schemas.ts";
import { alignmentUse } from "./objective/alignment_use.ts";

const rate = v.pipe(v.number(), v.gtValue(0));
const drop = v.pipe(v.number(), v.minValue(0), v.ltValue(1));

/**
 * Parameters that have no effect without another one, which must at least be written. It may be swept
 * (`matrix: { alignment: [none, sparse] }`); `applies` says which variants use the parameter.
 */
const dependent = [
  { name: "projection", needs: "alignment", as: "alignment: sparse" },
  { name: "relation", needs: "alignment", as: "alignment: sparse" },
  { name: "normalise", needs: "alignment", as: "alignment: singular" },
  { name: "stop_gradient", needs: "alignment", as: "alignment: singular" },
  { name: "contrast", needs: "alignment", as: "alignment: singular" },
  { name: "eps", needs: "alignment", as: "alignment: distributed" },
  { name: "k", needs: "projection", as: "projection: topk" },
] as const;

export const fineTune = defineStage({
  name: "fine_tune",
  summary: "fine-tunes for retrieval: mined hard negatives, margin ranking, relation alignment",
  parameters: v.pipe(
    v.strictObject({
      seed,
      train: trainingSplits,
      /** Train on so many images, the first of the splits; default: all. For the effect of the amount of data. */
      train_images: trainingImages,
      /**
       * Loss that aligns the attention among words with that among regions. singular and distributed: IAIS;
       * congruence: CACR; sparse: members of the same family between them, see `projection` and `relation`.
       */
      alignment: v.optional(
        v.picklist(["none", "singular", "distributed", "sparse", "congruence"]),
      ),
      /** For sparse: how attention between words and regions becomes a map between them. */
      projection: v.optional(v.picklist(["topk", "sparsemax", "entmax15"])),
      /** For topk: number of regions per word, and of words per region. */
      k: v.optional(count),
      /** For sparse: how the other modality's attention is mapped; roundtrip maps there and back without it. */
      relation: v.optional(v.picklist(["transport", "roundtrip"])),
      /**
       * For singular, congruence and transport: how rows of the carried attention are made to sum to 1. softmax:
       * as published, a nearly uniform result; sum: divided by their sum.
       */
      normalise: v.optional(v.picklist(["softmax", "sum"])),
      /**
       * What the alignment loss sends no gradient into. cross: the map between words and regions; relation: the
       * attention within words and within regions; other: all that a modality's own attention is compared with.
       * Default: cross for congruence, as published, otherwise none.
       */
      stop_gradient: v.optional(v.picklist(["none", "cross", "relation", "other"])),
      /**
       * A margin m: the alignment loss of a pair becomes max(0, m + its distance - the distance with the first
       * negative), which is one of `family_negatives` and which mining then always keeps; none: its distance.
       */
      contrast: v.optional(v.union([v.literal("none"), rate])),
      /**
       * Added within the logarithms of the distance; default: 1e-6 for roundtrip and for normalise: sum,
       * otherwise 0.
       */
      eps: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
      /** Layers whose attention is aligned. */
      layers,
      heads,
      /** Which of the alignment losses are used: those of text (L), of images (V), or both. */
      modality: v.optional(v.picklist(["text", "image", "both"]), "both"),
      /** How the alignment's weight grows with the updates. */
      schedule: v.optional(
        v.picklist(["exponential", "linear", "logarithmic", "constant"]),
        "exponential",
      ),
      /** Default as in the release, which sums the alignment loss over 8 micro-steps instead of averaging. */
      alignment_weight: v.optional(v.pipe(v.number(), v.minValue(0)), 8),
      /** Number of updates. */
      steps: v.optional(count, 400),
      /** Batches per update, whose gradients are accumulated. */
      micro_steps: v.optional(count, 1),
      /** Images per batch that are ranked against wrong captions, and captions against wrong images. */
      anchors: v.optional(count, 8),
      /** Random wrong answers per anchor that are scored to mine hard ones. */
      negatives: v.optional(count, 15),
      /**
       * So many of the `negatives` are from the family of the right image: the same objects in other arrangements.
       * For features with families.
       */
      family_negatives: v.optional(natural, 0),
      /** Wrong answers with the highest scores that are trained on. */
      hard_negatives: v.optional(count, 3),
      /**
       * Loss of the ranking: margin, as published, or softmax over the positive and its negatives, which learns
       * more from scarcely different answers.
       */
      ranking: v.optional(v.picklist(["margin", "softmax"]), "margin"),
      /** For the ranking by margin: by how much a right answer should score above a wrong one, after sigmoid. */
      margin: v.optional(rate, 0.2),
      learning_rate: v.optional(rate, 3e-4),
      /** Updates of linear warm-up of the learning rate. */
      warmup: v.optional(natural, 40),
      /** Largest norm of the gradient. */
      clip: v.optional(rate, 2),
      weight_decay: v.optional(v.pipe(v.number(), v.minValue(0)), 0.01),
      /**
       * Lay out image-anchored pairs without alignment like the published release, which by mistake hides some
       * regions and exposes some padding. For reproducing its baseline.
       */
      release_layout: v.optional(v.boolean(), false),
      /** Probability of dropping a channel of an image's features, in all its regions. */
      feature_drop: v.optional(drop, 0),
      /** Probability of dropping a region. */
      region_drop: v.optional(drop, 0),
      /**
       * Above 0, scores are the sum of the cross-encoder's and this multiple of the cosine of the initial
       * branches, which stay frozen. Evaluate such models with `scores: sum`.
       */
      branch_weight: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
      /** With `branch_weight`: negatives are the most similar of this many by the branches; 0: any. */
      pool: v.optional(natural, 0),
      /** Updates between validations; 0: no validation. */
      validate_every: v.optional(natural, 0),
      validation_split: v.optional(name, "val"),
      /** Number of validation images, the first of the split, ranked with all their captions. */
      validation_images: v.optional(count, 100),
      /** With validation: end with the weights that had the best sum of recalls, or with the last. */
      keep,
      /** Also write model.pt for PyTorch: zip, or stream for versions before 1.6. */
      pytorch_file: v.optional(v.picklist(["none", "zip", "stream"]), "none"),
      precision,
      xla,
    }),
    consistent((given, refuse) => checkValidation(given, refuse)),
    consistent((given, refuse) => {
      for (const { name, needs, as } of dependent) {
        if (given[name] === undefined || given[needs] !== undefined) continue;
        refuse(name, `set \`${as}\` as well, or remove \`${name}\``);
      }
    }),
    consistent(({ stop_gradient, alignment, projection, k }, refuse) => {
      const oneBest = alignment === "singular" ||
        (alignment === "sparse" && projection === "topk" && k === 1);
      if (stop_gradient !== "relation" || !oneBest) return;
      const fix =
        "use another value: a map to the one best region has no gradient, so with `relation` " +
        "the alignment loss would have none at all";
      refuse("stop_gradient", fix);
    }),
    consistent(({ negatives, hard_negatives: hard }, refuse) => {
      if (hard <= negatives) return;
      refuse("hard_negatives", `use at most ${negatives}, the number of \`negatives\``);
    }),
    consistent(({ negatives, family_negatives: family }, refuse) => {
      if (family <= negatives) return;
      refuse("family_negatives", `use at most ${negatives}, the number of \`negatives\``);
    }),
    consistent(({ contrast = "none", family_negatives: family }, refuse) => {
      if (contrast === "none" || family > 0) return;
      const fix =
        "set `family_negatives: 1` or more as well, or use none: the contrast is with the " +
        "first negative, which has to differ in its relations alone";
      refuse("contrast", fix);
    }),
    consistent(({ negatives, pool, branch_weight }, refuse) => {
      if (pool === 0) return;
      if (branch_weight === 0) {
        refuse("pool", "use 0, or set `branch_weight`: frozen branches choose from the pool");
      } else if (pool < negatives) {
        refuse("pool", `use 0, or at least ${negatives}, the number of \`negatives\``);
      }
    }),
    // Defaults are filled in here, so that `dependent` sees which parameters were written.
    v.transform(({ alignment = "none", projection = "sparsemax", k = 2, ...given }) => {
      const { relation = "transport", normalise = "softmax", contrast = "none", ...rest } = given;
      return { ...rest, alignment, projection, k, relation, normalise, contrast };
    }),
  ),
  applies: [
    ...alignmentUse,
    {
      parameters: ["release_layout"],
      by: "alignment",
      when: ({ alignment }) => alignment === "none",
    },
    { parameters: ["margin"], by: "ranking", when: ({ ranking }) => ranking === "margin" },
    validationUse,
    poolUse,
  ],
  inputs: {
    features: { kinds: ["features"], summary: "images and captions to train on" },
    weights: { kinds: ["model"], summary: "weights to start from" },
  },
  output: "model",
  compute: true,
  sharesProcess: true,
  memoryUse: {
    parameters: ["anchors", "negatives"],
    note: "with fewer `anchors` and as many times more `micro_steps`, an update has as many pairs",
  },
  resumable: true,
  async run(context) {
    const { fineTuning } = await import("./train/fine_tune/run.ts");
    const { pairValidation } = await import("./evaluate/validation.ts");
    await fineTuning(context, (model) => pairValidation(context, model));
  },
});
