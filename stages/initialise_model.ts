import * as v from "valibot";
import { defineStage } from "../pipeline/stage.ts";
import { checkpointPublication } from "./data/published_sets.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const rate = v.pipe(v.number(), v.minValue(0), v.ltValue(1));

/** What a checkpoint or its configuration says by itself. */
const sizes = ["hidden", "layers", "intermediate", "initializer_range"] as const;

export const initialiseModel = defineStage({
  name: "initialise_model",
  summary: "a model to start from: a published checkpoint, or random weights at a chosen size",
  parameters: v.pipe(
    v.strictObject({
      /** Of random weights alone. */
      seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
      /** UNITER's weights: .pt (zip or legacy) or .safetensors. */
      checkpoint: v.optional(v.pipe(v.string(), v.nonEmpty())),
      /** Its sizes, BERT's config.json; without it they are read off the tensors. */
      config: v.optional(v.pipe(v.string(), v.nonEmpty())),
      hidden: v.optional(count),
      layers: v.optional(count),
      /** Of a checkpoint without `config`: as many as are 64 wide, when not given. */
      heads: v.optional(count),
      /** Width of the feed-forward layers; 4 * hidden when not given. */
      intermediate: v.optional(count),
      /** Of hidden states and of attention; of a checkpoint, its configuration's when not given. */
      dropout: v.optional(rate),
      /** Deviation of random weights. BERT's 0.02 suits 768 wide; narrow models learn sooner with more. */
      initializer_range: v.optional(v.pipe(v.number(), v.gtValue(0))),
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const value = dataset.value;
      const refuse = (key: keyof typeof value, wanted: string) => {
        const path = { type: "object", origin: "value", input: value } as const;
        addIssue({
          message: wanted,
          input: value[key],
          expected: wanted,
          path: [{ ...path, key, value: value[key] }],
        });
      };
      if (value.checkpoint !== undefined) {
        for (const key of sizes) {
          if (value[key] !== undefined) refuse(key, "nothing: the checkpoint has its own");
        }
        if (value.config !== undefined && value.heads !== undefined) {
          refuse("heads", "nothing: the configuration has them");
        }
      } else if (value.config !== undefined) {
        refuse(
          "config",
          "it together with `checkpoint`; without one, give `hidden`, `layers`, `heads`",
        );
      }
      const { hidden = 128, heads = 4 } = value;
      if (value.checkpoint === undefined && hidden % heads !== 0) {
        refuse("heads", `a number that divides hidden (${hidden})`);
      }
    }),
    v.transform((value) =>
      value.checkpoint !== undefined ? value : {
        ...value,
        hidden: value.hidden ?? 128,
        layers: value.layers ?? 4,
        heads: value.heads ?? 4,
        dropout: value.dropout ?? 0.1,
        initializer_range: value.initializer_range ?? 0.02,
      }
    ),
  ),
  paths: ["checkpoint", "config"],
  outside: ({ checkpoint, config }) => [
    ...(checkpoint === undefined ? [] : [{
      role: "checkpoint",
      path: checkpoint,
      file: true,
      what: "weights to start from",
      ...checkpointPublication(checkpoint),
    }]),
    ...(config === undefined
      ? []
      : [{ role: "config", path: config, file: true, what: "sizes of the checkpoint (JSON)" }]),
  ],
  inputs: {
    features: { kinds: ["features"], summary: "decides the vocabulary, the positions, the widths" },
  },
  output: "model",
  compute: false,
  resumable: false,
  async examine(context) {
    const { examineInitialisation } = await import("./training/initialisation.ts");
    return await examineInitialisation(context);
  },
  async run(context) {
    const { initialisation } = await import("./training/initialisation.ts");
    await initialisation(context);
  },
});
