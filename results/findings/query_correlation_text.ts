/** What the correlations of ISDa and rank within models show, in words. */
import { correlationText } from "../text/number_text.ts";
import type { Estimate, QueryCorrelation } from "./query_correlations.ts";

/** Describes the last measured layer; empty where there is no correlation. */
export function readingOf(correlations: readonly QueryCorrelation[]): string {
  const layer = Math.max(...correlations.map((one) => one.layer));
  const last = correlations.filter((one) => one.layer === layer);
  if (last.length === 0) return "";
  const plain = last.map((one) => one.plain);
  const partial = last.flatMap((one) => one.partial ?? []);
  const summary =
    `In layer ${layer}, the correlation of a caption's ISDa and the rank of its image is ${
      rangeText(plain)
    }: the image of a caption with a lower ISDa is ranked ${signText(plain)}.`;
  const isda = last.flatMap((one) => one.objectsIsda ?? []);
  const rank = last.flatMap((one) => one.objectsRank ?? []);
  if (partial.length === 0 || isda.length === 0 || rank.length === 0) {
    return `${summary} The correlation given the number of objects cannot be computed.`;
  }
  const [withIsda, withRank] = [isda, rank].map((values) =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  );
  return [
    summary,
    `The number of annotated objects is a confounder: on average, captions with more objects have a ${
      withIsda! > 0 ? "higher" : "lower"
    } ISDa (${correlationText(withIsda!)}) and a ${withRank! > 0 ? "worse" : "better"} rank (${
      correlationText(withRank!)
    }). Given the number of objects, the partial correlation is ${
      rangeText(partial)
    }; its interval excludes 0 in ${
      partial.filter(({ interval }) => interval !== undefined && interval[0] * interval[1] > 0)
        .length || "none"
    } of ${last.length} variant${last.length === 1 ? "" : "s"}.`,
  ].join(" ");
}

/** `better`, `worse` or how many variants of each, from the signs of the correlations. */
function signText(estimates: readonly Estimate[]): string {
  const better = estimates.filter(({ rho }) => rho > 0).length;
  const worse = estimates.filter(({ rho }) => rho < 0).length;
  const every = estimates.length > 1 ? ` in all ${estimates.length} variants` : "";
  if (better === estimates.length) return `better${every}`;
  if (worse === estimates.length) return `worse${every}`;
  return `better in ${better} of ${estimates.length} variants and worse in ${worse}`;
}

/** `−0.27 to −0.23`, or a single number where both are the same. */
function rangeText(estimates: readonly Estimate[]): string {
  const rhos = estimates.map(({ rho }) => rho);
  const [low, high] = [Math.min(...rhos), Math.max(...rhos)].map(correlationText);
  return low === high ? low! : `${low} to ${high}`;
}

/** `−0.27 [−0.33, −0.20]` */
export function estimateText(estimate: Estimate | undefined): string {
  if (estimate === undefined) return "–";
  const { rho, interval } = estimate;
  if (interval === undefined) return correlationText(rho);
  return `${correlationText(rho)} [${interval.map(correlationText).join(", ")}]`;
}
