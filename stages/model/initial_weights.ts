/**
 * Random initial weights, as UNITER has them without a checkpoint: matrices and embeddings normal with
 * mean 0 and standard deviation `initializer_range` (0.02), LayerNorms 1 and 0, biases 0.
 */
import type { RandomStream } from "../../pipeline/contract/random_stream.ts";
import type { Configuration } from "./configuration.ts";
import { type Parameter, parameterTable } from "./parameters.ts";
import type { HostTensor, HostWeights } from "./weights.ts";

/**
 * Every parameter except `rank_output`, which `withRankHead` adds when it is first needed. Each tensor
 * has a random stream of its own, keyed by its name, so its values do not depend on the others.
 */
export function initialWeights(config: Configuration, random: RandomStream): HostWeights {
  return Object.fromEntries(
    parameterTable(config)
      .filter(({ name }) => !name.startsWith("rank_output."))
      .map((parameter) => [parameter.name, startingTensor(parameter, config, random)]),
  );
}

/** The initial values of one parameter. */
export function startingTensor(
  { name, shape, start }: Parameter,
  { initializer_range: deviation }: Pick<Configuration, "initializer_range">,
  random: RandomStream,
): HostTensor {
  const values = new Float32Array(shape.reduce((size, side) => size * side, 1));
  if (start === "one") values.fill(1);
  if (start === "normal") {
    const own = random.fork(name);
    for (let i = 0; i < values.length; i++) values[i] = own.normal(i) * deviation;
  }
  return { shape, values };
}

/**
 * Weights with a rank head: unchanged if they have one, otherwise with a copy of the "matches" row of
 * the image-text-matching head (row 1 of itm_output), as in the release.
 */
export function withRankHead(weights: HostWeights): HostWeights {
  if (weights["rank_output.weight"] !== undefined) return weights;
  const [rows, bias] = [weights["itm_output.weight"], weights["itm_output.bias"]];
  if (rows === undefined || bias === undefined) return weights;
  const width = rows.shape[1]!;
  return {
    ...weights,
    "rank_output.weight": { shape: [1, width], values: rows.values.slice(width, 2 * width) },
    "rank_output.bias": { shape: [1], values: bias.values.slice(1, 2) },
  };
}
