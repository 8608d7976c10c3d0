/** What the correlations over models show and what they do not, in words. */
import { type Correlation, fewestWithin } from "./model_correlations.ts";
import { correlationText } from "../text/number_text.ts";

const level = 0.05;

/** The limits of these correlations; empty where there are none. */
export function cautionOf(correlations: readonly Correlation[]): string {
  if (correlations.length === 0) return "";
  const count = correlations.length;
  const below = correlations.filter(({ p }) => p <= level).length;
  const variants = Math.max(...correlations.map((one) => one.variants));
  const within = correlations.filter((one) => one.within !== undefined).length;
  return [
    `${
      count === 1 ? "One correlation was" : `${count} correlations of related measures were`
    } tested, over at most ${Math.max(...correlations.map(({ runs }) => runs))} models. ${below} ${
      below === 1 ? "has" : "have"
    } p ≤ 0.05; about ${
      (level * count).toFixed(1)
    } would by chance, since p (two-sided permutation test) is not corrected for their number.`,
    ...variants > 1
      ? [
        `Rho over all models mixes ${variants} variants, whose distances differ because of their ` +
        "training objective. Two well-separated groups of models are enough for a large rho, which " +
        "is not evidence that the distance affects recall.",
        within === 0
          ? `Rho within variants cannot be estimated: no variant has ${fewestWithin} models with varying values.`
          : "Rho within variants is the mean over the variants that have at least " +
            `${fewestWithin} models.`,
      ]
      : [],
  ].join(" ");
}

/** The columns of a table of correlations. */
export const correlationColumns = [
  { title: "distance" },
  { title: "alignment" },
  ...["layer", "rho", "p", "rho within variants", "models"].map((title) => ({
    title,
    numeric: true,
  })),
];

export function measureName(measure: Correlation["measure"]): string {
  return {
    isda: "ISDa",
    isd_text: "ISD over words",
    isd_image: "ISD over regions",
    relative_text: "relative ISD over words",
    relative_image: "relative ISD over regions",
  }[measure];
}

/** `0.37`, `0.052`, `0.0025`: more digits near the significance level. */
export function chanceText(p: number): string {
  return p.toFixed(p < 0.01 ? 4 : p < 0.1 ? 3 : 2);
}

/** `−0.30 (p 0.41)` */
export function withinText({ within }: Pick<Correlation, "within">): string {
  return within === undefined
    ? "not estimable"
    : `${correlationText(within.rho)} (p ${chanceText(within.p)})`;
}
