import * as v from "valibot";
import { defineStage } from "../pipeline/contract/stage.ts";
import { checkpointPublication } from "./data/published/data_sets.ts";
import { miniLm } from "./model/checkpoint/pretrained_packages.ts";
import { consistent, count, name, seed } from "./parameter_schemas.ts";

const rate = v.pipe(v.number(), v.minValue(0), v.ltValue(1));

/** Parameters that a checkpoint or its configuration determines. */
const sizes = ["hidden", "layers", "intermediate", "initializer_range"] as const;

export const initialiseModel = defineStage({
  name: "initialise_model",
  summary: "initialises a model from UNITER's checkpoint, a BERT's text layers, or random weights",
  parameters: v.pipe(
    v.strictObject({
      /** Used only for random weights. */
      seed,
      /** UNITER's weights: .pt (zip or legacy) or .safetensors. */
      checkpoint: v.optional(name),
      /** Text layers of a published package; image embeddings are random. */
      pretrained: v.optional(v.picklist(["minilm"])),
      /** Text layers of any BERT-family model: .safetensors, with its `config`. */
      bert: v.optional(name),
      /** BERT's config.json of the checkpoint; without it, sizes are derived from the tensors. */
      config: v.optional(name),
      /** Width of hidden states; default: 128. */
      hidden: v.optional(count),
      /** Number of encoder layers; default: 4. */
      layers: v.optional(count),
      /** Number of attention heads; default: 4, or for a checkpoint without `config` hidden / 64. */
      heads: v.optional(count),
      /** Width of the feed-forward layers; default: 4 * hidden. */
      intermediate: v.optional(count),
      /** Dropout of hidden states and attention; default: 0.1, or that of the checkpoint's configuration. */
      dropout: v.optional(rate),
      /** Standard deviation of random weights. BERT's 0.02 suits a width of 768; narrow models learn faster with more. */
      initializer_range: v.optional(v.pipe(v.number(), v.gtValue(0))),
    }),
    consistent((value, refuse) => {
      const starts = (["checkpoint", "pretrained", "bert"] as const)
        .filter((key) => value[key] !== undefined);
      if (starts.length > 1) {
        refuse(starts[1]!, `remove it, or \`${starts[0]}\`: a model has only one origin`);
      } else if (value.pretrained !== undefined || value.bert !== undefined) {
        for (const key of ["hidden", "layers", "heads", "intermediate"] as const) {
          if (value[key] !== undefined) refuse(key, "remove it: the text model determines it");
        }
        if (value.bert !== undefined && value.config === undefined) {
          refuse("config", "set it to the config.json of `bert`");
        }
        if (value.pretrained !== undefined && value.config !== undefined) {
          refuse("config", "remove it: the package contains its own");
        }
      } else if (value.checkpoint !== undefined) {
        for (const key of sizes) {
          if (value[key] !== undefined) refuse(key, "remove it: the checkpoint determines it");
        }
        if (value.config !== undefined && value.heads !== undefined) {
          refuse("heads", "remove it: `config` determines it");
        }
      } else if (value.config !== undefined) {
        refuse(
          "config",
          "set `checkpoint` as well; without a checkpoint, set `hidden`, `layers` and `heads`",
        );
      }
      const { hidden = 128, heads = 4 } = value;
      if (value.checkpoint === undefined && hidden % heads !== 0) {
        refuse("heads", `use a number that divides \`hidden\` (${hidden})`);
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
  applies: [
    // A checkpoint has all weights; text layers alone come with random image embeddings.
    {
      parameters: ["seed"],
      by: "checkpoint",
      when: ({ checkpoint }) => checkpoint === undefined,
    },
  ],
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
    ...(config === undefined ? [] : [{
      role: "config",
      path: config,
      file: true,
      what: "configuration of the checkpoint (JSON)",
    }]),
  ],
  inputs: {
    features: {
      kinds: ["features"],
      summary: "images and captions that determine vocabulary, positions and widths",
    },
  },
  output: "model",
  compute: false,
  resumable: false,
  async run(context) {
    const { initialisation } = await import("./train/initialise/run.ts");
    await initialisation(context);
  },
});
