/** What the correlations over models say and do not say, in words. */
import { type Correlation, fewestWithin } from "./model_correlations.ts";
import { correlationText } from "../text/number_text.ts";

const level = 0.05;

/** How far they can be believed; empty where there are none. */
export function cautionOf(correlations: readonly Correlation[]): string {
  if (correlations.length === 0) return "";
  const count = correlations.length;
  const below = correlations.filter(({ p }) => p <= level).length;
  const variants = Math.max(...correlations.map((one) => one.variants));
  const within = correlations.filter((one) => one.within !== undefined).length;
  return [
    `${
      count === 1 ? "One correlation was" : `${count} correlations were`
    } looked at, of measures that are close kin, over ${
      Math.max(...correlations.map(({ runs }) => runs))
    } models at most: ${below} ${below === 1 ? "has" : "have"} p ≤ 0.05, about ${
      (level * count).toFixed(1)
    } would by chance; p (permutation test, two-sided) is of one by itself.`,
    ...variants > 1
      ? [
        `Rho over all models mixes ${variants} variants, which differ in distance by what they were ` +
        "trained for: two groups of models that are far apart are enough for a large rho, and no " +
        "evidence that the distance makes the recall.",
        within === 0
          ? `Within variants nothing can be told: none has ${fewestWithin} models.`
          : "Within variants, rho is the mean over those that have at least " +
            `${fewestWithin} models.`,
      ]
      : [],
  ].join(" ");
}

/** `0.37`, `0.052`, `0.0025`: finer where the level is near. */
export function chanceText(p: number): string {
  return p.toFixed(p < 0.01 ? 4 : p < 0.1 ? 3 : 2);
}

/** `−0.30 (p 0.41)` */
export function withinText({ within }: Pick<Correlation, "within">): string {
  return within === undefined
    ? "too few"
    : `${correlationText(within.rho)} (p ${chanceText(within.p)})`;
}
