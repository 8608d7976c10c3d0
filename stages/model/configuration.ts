/**
 * The sizes of a UNITER model: `config.json` next to `model.safetensors`, with the keys of the published
 * files (BERT's), plus `img_dim`, which those files do not have.
 */
import * as v from "valibot";
import { Complaint } from "../../pipeline/contract/complaint.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const rate = v.pipe(v.number(), v.minValue(0), v.ltValue(1));

const schema = v.pipe(
  v.object({
    hidden_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    intermediate_size: count,
    vocab_size: count,
    max_position_embeddings: count,
    type_vocab_size: v.pipe(
      count,
      v.minValue(2, "text and image need one type each, so at least 2"),
    ),
    hidden_dropout_prob: rate,
    attention_probs_dropout_prob: rate,
    initializer_range: v.optional(v.pipe(v.number(), v.gtValue(0)), 0.02),
    hidden_act: v.optional(v.literal("gelu"), "gelu"),
    /** Width of a region's descriptor. */
    img_dim: count,
  }),
  v.check(
    (config) => config.hidden_size % config.num_attention_heads === 0,
    "hidden_size is not a multiple of num_attention_heads",
  ),
);

/** Keys as published; sizes are counts of units, dropout rates are in [0, 1). */
export type Configuration = Readonly<v.InferOutput<typeof schema>>;

/**
 * Reads and checks `config.json`.
 * @param options.file for errors
 * @param options.imgDim used if the file has no `img_dim` (published files do not)
 * @throws {Complaint} for text that is not a JSON object, or a key that is missing or out of range
 */
export function parseConfiguration(
  text: string,
  options: { readonly file: string; readonly imgDim?: number },
): Configuration {
  const place = { file: options.file };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new Complaint("the model's configuration is not JSON", "restore the file", {
      place,
      cause,
      exitCode: 1,
    });
  }
  const filled = options.imgDim !== undefined && typeof parsed === "object" && parsed !== null
    ? { img_dim: options.imgDim, ...parsed }
    : parsed;
  const result = v.safeParse(schema, filled);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const key = v.getDotPath(issue);
  throw new Complaint(
    issue.input === undefined && key !== null
      ? `the model's configuration has no \`${key}\``
      : `the model's configuration is invalid${
        key === null ? "" : ` at \`${key}\``
      }: ${issue.message}`,
    "use the config.json that came with the checkpoint",
    { place, exitCode: 1 },
  );
}
