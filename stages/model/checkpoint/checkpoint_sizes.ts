/**
 * A model's sizes from the tensors of its checkpoint, and whether they agree with a configuration. A
 * published checkpoint comes without `img_dim`, and often without its config.json.
 */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { layerName } from "../attention.ts";
import type { Configuration } from "../configuration.ts";
import type { HostWeights } from "../weights.ts";
import { type Parameter, parameterTable } from "../parameters.ts";

/** The width of all heads of BERT and UNITER, which tensors do not show. */
const HEAD_WIDTH = 64;

/** What is wrong, and how to fix it. */
type Misfit = readonly [what: string, fix: string];

/**
 * The sizes of a checkpoint. Those that tensors do not show are BERT's: heads of 64, dropout 0.1.
 * @param options.file for errors
 * @throws {Complaint} when tensors are missing, or do not agree with each other
 */
export function configurationFrom(
  weights: HostWeights,
  { file, heads, dropout = 0.1 }: {
    readonly file: string;
    readonly heads?: number | undefined;
    readonly dropout?: number | undefined;
  },
): Configuration {
  const side = (name: string, axis: 0 | 1): number => {
    const shape = weights[`${name}.weight`]?.shape;
    if (shape === undefined) throw complain(file, missing(`${name}.weight`, weights));
    if (shape.length !== 2 || shape[axis]! < 1) {
      throw complain(file, [`tensor \`${name}.weight\` is [${shape}], not a matrix`, otherFile]);
    }
    return shape[axis]!;
  };
  const text = "uniter.embeddings";
  const hidden = side(`${text}.word_embeddings`, 1);
  const types = side(`${text}.token_type_embeddings`, 0);
  if (types < 2) {
    throw complain(file, [
      `it has ${types} token type; text and image regions need one each`,
      "use a checkpoint of UNITER; those of BERT and RoBERTa have to be extended first",
    ]);
  }
  const config: Configuration = {
    hidden_size: hidden,
    num_hidden_layers: countLayers(weights, file),
    num_attention_heads: heads ?? headsOf(hidden, file),
    intermediate_size: side(`${layerName(0)}.intermediate.dense`, 0),
    vocab_size: side(`${text}.word_embeddings`, 0),
    max_position_embeddings: side(`${text}.position_embeddings`, 0),
    type_vocab_size: types,
    hidden_dropout_prob: dropout,
    attention_probs_dropout_prob: dropout,
    initializer_range: 0.02,
    hidden_act: "gelu",
    img_dim: side("uniter.img_embeddings.img_linear", 1),
  };
  if (hidden % config.num_attention_heads !== 0) {
    throw complain(file, [
      `its ${hidden} hidden units cannot be divided among ${config.num_attention_heads} heads`,
      "give the number of heads that the model was trained with",
    ]);
  }
  checkFits(weights, config, file);
  return config;
}

/**
 * Checks that every tensor that retrieval needs is there, in the right shape and finite: all of
 * `uniter.*`, and `rank_output` or `itm_output`, from which a rank head can be made.
 * @throws {Complaint} one for the whole checkpoint, naming the first tensor that does not fit
 */
export function checkFits(weights: HostWeights, config: Configuration, file: string): void {
  const layers = countLayers(weights, file);
  if (layers !== config.num_hidden_layers) {
    throw complain(file, [
      `it has ${layers} layers; the configuration says ${config.num_hidden_layers}`,
      otherConfiguration(weights, layers),
    ]);
  }
  const needed = parameterTable(config).filter(({ name }) => {
    if (name.startsWith("uniter.")) return true;
    const head = /^(rank_output|itm_output)\./.exec(name)?.[1];
    const others = head === "rank_output" ? "itm_output" : "rank_output";
    return head !== undefined && (has(weights, head) || !has(weights, others));
  });
  const wrong = needed.filter(({ name, shape }) => {
    const found = weights[name]?.shape;
    return found === undefined || String(found) !== String(shape);
  });
  if (wrong.length === 0) return requireFinite(needed, weights, file);
  const [what, fix] = weights[wrong[0]!.name] === undefined
    ? missing(wrong[0]!.name, weights)
    : misshapen(wrong[0]!, { weights, layers });
  const others = wrong.length - 1;
  const more = others === 0
    ? ""
    : `, and ${others} more ${others === 1 ? "tensor does" : "tensors do"} not fit`;
  throw complain(file, [what + more, fix]);
}

/** A weight that is not a finite number would show hours later, as a loss of NaN. */
function requireFinite(needed: readonly Parameter[], weights: HostWeights, file: string): void {
  for (const { name } of needed) {
    const { values } = weights[name]!;
    // The sum is finite in double precision if all float32 values are.
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i]!;
    if (Number.isFinite(sum)) continue;
    throw complain(file, [
      `tensor \`${name}\` contains ${values.find((value) => !Number.isFinite(value))}`,
      "download the checkpoint again, or use one from before its training diverged",
    ]);
  }
}

function has(weights: HostWeights, head: string): boolean {
  return weights[`${head}.weight`] !== undefined || weights[`${head}.bias`] !== undefined;
}

/** Layers must be numbered from 0 without gaps. */
function countLayers(weights: HostWeights, file: string): number {
  const found = Object.keys(weights).flatMap((name) =>
    /^uniter\.encoder\.layer\.(\d+)\./.exec(name)?.[1] ?? []
  );
  const numbers = new Set(found);
  if (numbers.size === 0) {
    throw complain(file, missing(`${layerName(0)}.attention.self.query.weight`, weights));
  }
  for (let layer = 0; layer < numbers.size; layer++) {
    if (!numbers.has(String(layer))) {
      throw complain(file, missing(`${layerName(layer)}.attention.self.query.weight`, weights));
    }
  }
  return numbers.size;
}

function headsOf(hidden: number, file: string): number {
  if (hidden % HEAD_WIDTH === 0) return hidden / HEAD_WIDTH;
  throw complain(file, [
    `its number of attention heads is not known: ${hidden} hidden units are not a multiple of ${HEAD_WIDTH}`,
    "give the config.json that came with it (`config`), or the number of heads (`heads`)",
  ]);
}

const otherFile = "use a checkpoint of UNITER (uniter-base.pt, uniter-large.pt, or tuned ones)";

function missing(name: string, weights: HostWeights): Misfit {
  const names = Object.keys(weights);
  if (names.some((name) => name.startsWith("uniter."))) {
    return [`tensor \`${name}\` is missing`, `download the checkpoint again; ${otherFile}`];
  }
  const first = names.slice(0, 3).map((name) => `\`${name.slice(0, 80)}\``).join(", ");
  return [
    `it has no tensors of UNITER, but ${first}${names.length > 3 ? ", ..." : ""}`,
    otherFile,
  ];
}

function misshapen(
  { name, shape }: Parameter,
  { weights, layers }: { readonly weights: HostWeights; readonly layers: number },
): Misfit {
  const found = weights[name]!.shape;
  const what = `tensor \`${name}\` is [${found.join(", ")}]; the configuration requires [${
    shape.join(", ")
  }]`;
  const differs = (tensor: string, axis: number) =>
    name === tensor && found.length === 2 && found[1 - axis] === shape[1 - axis];
  if (differs("uniter.img_embeddings.img_linear.weight", 1)) {
    return [
      what,
      `use image features of the ${found[1]} numbers that it was trained with (published: 2048), ` +
      "and a configuration that agrees",
    ];
  }
  if (differs("uniter.embeddings.word_embeddings.weight", 0)) {
    return [
      what,
      `use a configuration with vocab_size ${
        found[0]
      }, and captions tokenised with that vocabulary ` +
      "(published: 28996, cased)",
    ];
  }
  return [what, otherConfiguration(weights, layers)];
}

/** Names the published configuration, base or large, if it is one of these. */
function otherConfiguration(weights: HostWeights, layers: number): string {
  const hidden = weights["uniter.embeddings.word_embeddings.weight"]?.shape[1];
  const name = hidden === 768 && layers === 12
    ? " (uniter-base.json)"
    : hidden === 1024 && layers === 24
    ? " (uniter-large.json)"
    : "";
  return `use the config.json of this checkpoint${name}: it has ${layers} layers` +
    (hidden === undefined ? "" : ` of ${hidden} units`);
}

function complain(file: string, [what, fix]: Misfit): Complaint {
  return new Complaint(`the checkpoint does not fit: ${what}`, fix, {
    place: { file },
    exitCode: 1,
  });
}
