import * as v from "valibot";
import { defineStage } from "../pipeline/contract/stage.ts";
import { miniLm } from "./model/checkpoint/pretrained_packages.ts";
import { checkpointPublication } from "./data/published/data_sets.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const rate = v.pipe(v.number(), v.minValue(0), v.ltValue(1));

/** What a checkpoint or its configuration says by itself. */
const sizes = ["hidden", "layers", "intermediate", "initializer_range"] as const;

export const initialiseModel = defineStage({
  name: "initialise_model",
  summary: "a model to start from: UNITER's checkpoint, a BERT's text layers, or random weights",
  parameters: v.pipe(
    v.strictObject({
      /** Of random weights alone. */
      seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
      /** UNITER's weights: .pt (zip or legacy) or .safetensors. */
      checkpoint: v.optional(v.pipe(v.string(), v.nonEmpty())),
      /** Text layers of a published package; image embeddings start fresh. */
      pretrained: v.optional(v.picklist(["minilm"])),
      /** Text layers of any BERT-family model: .safetensors, with its `config`. */
      bert: v.optional(v.pipe(v.string(), v.nonEmpty())),
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
      const starts = (["checkpoint", "pretrained", "bert"] as const)
        .filter((key) => value[key] !== undefined);
      if (starts.length > 1) {
        refuse(starts[1]!, `nothing beside \`${starts[0]}\`: a model has one start`);
      } else if (value.pretrained !== undefined || value.bert !== undefined) {
        for (const key of ["hidden", "layers", "heads", "intermediate"] as const) {
          if (value[key] !== undefined) refuse(key, "nothing: the text model has its own");
        }
        if (value.bert !== undefined && value.config === undefined) {
          refuse("config", "the config.json of `bert`");
        }
        if (value.pretrained !== undefined && value.config !== undefined) {
          refuse("config", "nothing: the package has its own");
        }
      } else if (value.checkpoint !== undefined) {
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
      value.checkpoint !== undefined || value.pretrained !== undefined || value.bert !== undefined
        ? value
        : {
          ...value,
          hidden: value.hidden ?? 128,
          layers: value.layers ?? 4,
          heads: value.heads ?? 4,
          dropout: value.dropout ?? 0.1,
          initializer_range: value.initializer_range ?? 0.02,
        }
    ),
  ),
  paths: ["checkpoint", "bert", "config"],
  packages: ({ pretrained }) => pretrained === undefined ? {} : { pretrained: miniLm },
  outside: ({ checkpoint, bert, config }) => [
    ...(bert === undefined ? [] : [{
      role: "bert",
      path: bert,
      file: true,
      what: "text layers to start from (.safetensors)",
    }]),
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
  async run(context) {
    const { initialisation } = await import("./train/initialise/run.ts");
    await initialisation(context);
  },
});
