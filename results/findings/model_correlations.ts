/**
 * Does a lower relation distance go with better recall, over trained models? Spearman's correlation
 * over all models mixes variants, whose distances differ because of their training objective, so it is
 * also computed within variants. There are few models and many measures: each correlation has the p of
 * a permutation test, which permutes the recalls among all models, or within each variant.
 */
import { type RandomStream, randomStream } from "../../pipeline/contract/random_stream.ts";
import { permutationTest } from "../statistics/correlation_permutation.ts";
import { rankCorrelation } from "../statistics/rank_correlation.ts";

/** A trained model: its recall, and its mean distances in one layer under one alignment. */
export interface RelationPoint {
  readonly variant: string;
  readonly seed: string;
  readonly split: string;
  readonly layer: number;
  readonly alignment: string;
  /** Symmetric KL divergence, nats per row; null where no pair has it. */
  readonly isd_text: number | null;
  readonly isd_image: number | null;
  readonly isda: number | null;
  /** ISD with own pictures divided by that with wrong ones; null where no caption has a wrong one. */
  readonly relative_text: number | null;
  readonly relative_image: number | null;
  /** Of the attention among words, among regions and from words to regions, 0 .. 1. */
  readonly entropy_text: number | null;
  readonly entropy_image: number | null;
  readonly entropy_cross: number | null;
  readonly pairs: number;
  /** Mean over both directions, a fraction; null where the model was not evaluated. */
  readonly recall: number | null;
}

/** Columns of `relation_layer` that may go with recall. */
export const measures = [
  "isda",
  "isd_text",
  "isd_image",
  "relative_text",
  "relative_image",
] as const;

export interface Correlation {
  readonly measure: typeof measures[number];
  readonly layer: number;
  /** Empty for ISDa, which does not depend on an alignment. */
  readonly alignment: string;
  /** Spearman's, over all models. */
  readonly rho: number;
  /** Two-sided; not corrected for the number of measures. */
  readonly p: number;
  readonly runs: number;
  readonly variants: number;
  /** Undefined where no variant has enough models. */
  readonly within: WithinVariants | undefined;
}

export interface WithinVariants {
  /** Mean over variants of the correlation within each. */
  readonly rho: number;
  readonly p: number;
  /** Number of variants with enough models. */
  readonly variants: number;
  readonly runs: number;
}

/** The fewest models of a variant from which its correlation is estimated. */
export const fewestWithin = 4;
/** Fixed, so that a report is the same whenever it is written. */
const seed = 20210801;
const resamples = 2000;

/**
 * One correlation for each measure that at least three models have.
 *
 * @param options.relative the alignments whose relative distances are tested: not all, since each
 * further test makes a small p by chance more likely
 */
export function correlationsOf(
  points: readonly RelationPoint[],
  { relative = [] }: { readonly relative?: readonly string[] } = {},
): Correlation[] {
  const random = randomStream(seed).fork("model correlations");
  const groups = Map.groupBy(
    points,
    ({ split, layer, alignment }) => JSON.stringify([split, layer, alignment]),
  );
  // ISDa is the same for every alignment.
  const seen = new Set<string>();
  return [...groups.values()].flatMap((group) =>
    measures.flatMap((measure): Correlation[] => {
      const { layer, alignment: by } = group[0]!;
      if (measure.startsWith("relative_") && !relative.includes(by)) return [];
      const alignment = measure === "isda" ? "" : by;
      const name = JSON.stringify([measure, layer, alignment]);
      if (seen.has(name)) return [];
      const found = ofMeasure(group, { measure, random });
      if (found === undefined) return [];
      seen.add(name);
      return [{ measure, layer, alignment, ...found }];
    })
  );
}

function ofMeasure(
  group: readonly RelationPoint[],
  { measure, random }: { readonly measure: Correlation["measure"]; readonly random: RandomStream },
): Pick<Correlation, "rho" | "p" | "runs" | "variants" | "within"> | undefined {
  const models = group.flatMap(({ variant, recall, [measure]: distance }) =>
    recall === null || distance === null ? [] : [{ variant, pair: [distance, recall] as const }]
  );
  const rho = rankCorrelation(models.map(({ pair }) => pair));
  if (rho === undefined) return undefined;
  const variants = [...Map.groupBy(models, ({ variant }) => variant).values()]
    .map((list) => list.map(({ pair }) => pair));
  const large = variants.filter((pairs) =>
    pairs.length >= fewestWithin && rankCorrelation(pairs) !== undefined
  );
  const all = permutationTest([models.map(({ pair }) => pair)], { resamples, random });
  const within = permutationTest(large, { resamples, random });
  return {
    rho,
    p: all!.p,
    runs: models.length,
    variants: variants.length,
    within: within === undefined ? undefined : {
      rho: within.rho,
      p: within.p,
      variants: large.length,
      runs: large.reduce((sum, pairs) => sum + pairs.length, 0),
    },
  };
}
