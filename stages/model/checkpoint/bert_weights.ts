/**
 * A BERT-family text model as the text half of UNITER: its embeddings, layers and pooler are taken
 * over by name; what it lacks (image embeddings, heads) starts fresh.
 */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import type { Configuration } from "../configuration.ts";
import type { HostTensor, HostWeights } from "../weights.ts";
import { initialWeights } from "../initial_weights.ts";
import { parameterTable } from "../parameters.ts";

/** Parts that BERT and UNITER share; of the others UNITER's start. */
const shared = /^uniter\.(embeddings|encoder|pooler)\./;

/**
 * @param bert tensors of the text model: `embeddings.*`, `encoder.layer.N.*`, with or without `bert.` before
 * @param config sizes of the whole model; those of text are the text model's
 * @param options.random decides what starts fresh
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
 * Regions enter the layers as loud as words do: a LayerNorm's output has mean square
 * mean(weight^2 + bias^2), and a fresh one would be louder than a trained one (in MiniLM 2.2 times).
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
      ? `the text model has no tensor \`${own}\`; it begins with ${first}`
      : `tensor \`${own}\` of the text model is [${found.join(", ")}], its configuration ` +
        `wants [${shape.join(", ")}]`,
    "name the safetensors and the config.json of one BERT-family model (BERT, MiniLM)",
    { place: { file }, exitCode: 1 },
  );
}
