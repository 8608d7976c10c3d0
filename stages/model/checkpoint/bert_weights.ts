/**
 * A BERT-family text model as the text half of UNITER: its embeddings, layers and pooler are copied by
 * name; image embeddings and heads, which it does not have, are initialised at random.
 */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import type { Configuration } from "../configuration.ts";
import type { HostTensor, HostWeights } from "../weights.ts";
import { initialWeights } from "../initial_weights.ts";
import { parameterTable } from "../parameters.ts";

/** The parts that BERT has too. */
const shared = /^uniter\.(embeddings|encoder|pooler)\./;

/**
 * @param bert tensors of the text model: `embeddings.*`, `encoder.layer.N.*`, with or without a prefix `bert.`
 * @param config sizes of the whole model, which must agree with the text model's
 * @param options.random for the parts that are initialised
 * @throws {Complaint} naming the first tensor that is missing or has another shape
 */
export function withBertText(
  bert: HostWeights,
  config: Configuration,
  { file, random }: { readonly file: string; readonly random: RandomStream },
): HostWeights {
  const plain = Object.fromEntries(
    Object.entries(bert).map(([name, tensor]) => [name.replace(/^bert\./, ""), tensor]),
  );
  const fresh = initialWeights(config, random);
  const weights: Record<string, HostTensor> = { ...fresh };
  for (const { name, shape } of parameterTable(config)) {
    const found = plain[name.replace(/^uniter\./, "")];
    if (found !== undefined && String(found.shape) === String(shape)) weights[name] = found;
    else if (shared.test(name) && !name.startsWith("uniter.pooler.")) {
      throw misfit(name, { shape, found: found?.shape, file, names: Object.keys(bert) });
    }
  }
  const norm = "uniter.img_embeddings.LayerNorm.weight";
  weights[norm] = evenScale(weights, fresh[norm]!);
  return weights;
}

/**
 * The LayerNorm weight with which regions enter the encoder at the same scale as words. A LayerNorm's
 * output has mean square mean(weight^2 + bias^2); an untrained one is larger (than MiniLM's, 2.2 times).
 */
function evenScale(weights: HostWeights, { shape, values }: HostTensor): HostTensor {
  const [weight, bias] = ["weight", "bias"].map((part) =>
    weights[`uniter.embeddings.LayerNorm.${part}`]!.values
  ) as [Float32Array, Float32Array];
  let sum = 0;
  for (let i = 0; i < weight.length; i++) sum += weight[i]! ** 2 + bias[i]! ** 2;
  return { shape, values: new Float32Array(values.length).fill(Math.sqrt(sum / weight.length)) };
}

function misfit(
  name: string,
  { shape, found, file, names }: {
    shape: readonly number[];
    found: readonly number[] | undefined;
    file: string;
    names: readonly string[];
  },
): Complaint {
  const own = name.replace(/^uniter\./, "");
  const first = names.slice(0, 3).map((each) => `\`${each.slice(0, 80)}\``).join(", ");
  return new Complaint(
    found === undefined
      ? `the text model has no tensor \`${own}\`; its first tensors are ${first}`
      : `tensor \`${own}\` of the text model is [${found.join(", ")}]; its configuration ` +
        `requires [${shape.join(", ")}]`,
    "give the safetensors file and the config.json of the same BERT-family model (BERT, MiniLM)",
    { place: { file }, exitCode: 1 },
  );
}
