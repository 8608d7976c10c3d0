/** What the correlations of ISDa and rank within models say, in words. */
import { correlationText } from "../text/number_text.ts";
import type { Estimate, QueryCorrelation } from "./query_correlations.ts";

/** In the last layer that was measured, in words; empty where there is nothing to read. */
export function readingOf(correlations: readonly QueryCorrelation[]): string {
  const layer = Math.max(...correlations.map((one) => one.layer));
  const last = correlations.filter((one) => one.layer === layer);
  if (last.length === 0) return "";
  const plain = last.map((one) => one.plain);
  const partial = last.flatMap((one) => one.partial ?? []);
  const said = `In layer ${layer} the plain correlation is ${
    rangeText(plain)
  }: captions with a lower ISDa find their image ${signText(plain)}.`;
  const isda = last.flatMap((one) => one.objectsIsda ?? []);
  const rank = last.flatMap((one) => one.objectsRank ?? []);
  if (partial.length === 0 || isda.length === 0 || rank.length === 0) {
    return `${said} What remains with the number of objects held fixed cannot be told.`;
  }
  const [withIsda, withRank] = [isda, rank].map((values) =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  );
  return [
    said,
    `But captions with more annotated objects differ in both: on average they have a ${
      withIsda! > 0 ? "higher" : "lower"
    } ISDa (${correlationText(withIsda!)}) and find their image ${
      withRank! > 0 ? "later" : "sooner"
    } (${correlationText(withRank!)}). With the number of objects held fixed, the correlation is ${
      rangeText(partial)
    }; variants whose interval leaves out 0: ${
      partial.filter(({ interval }) => interval !== undefined && interval[0] * interval[1] > 0)
        .length
    } of ${last.length}.`,
  ].join(" ");
}

/** What the sign of each variant's correlation of ISDa and rank means. */
function signText(estimates: readonly Estimate[]): string {
  const sooner = estimates.filter(({ rho }) => rho > 0).length;
  const later = estimates.filter(({ rho }) => rho < 0).length;
  const every = estimates.length > 1 ? ` in all ${estimates.length} variants` : "";
  if (sooner === estimates.length) return `sooner${every}`;
  if (later === estimates.length) return `later, not sooner,${every}`.replace(/,$/, "");
  return `sooner in ${sooner} of ${estimates.length} variants, later in ${later}`;
}

/** `−0.27 to −0.23`, or the one number. */
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
