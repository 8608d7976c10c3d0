/**
 * The values that a range in a matrix stands for:
 *
 *     { from: 1, to: 5 }                                   1, 2, 3, 4, 5
 *     { from: 0.1, to: 0.5, step: 0.2 }                    0.1, 0.3, 0.5
 *     { from: 0, to: 1, count: 3 }                         0, 0.5, 1
 *     { from: 1e-5, to: 1e-3, count: 3, scale: log }       0.00001, 0.0001, 0.001
 *
 * Non-integers are rounded to 12 significant digits, on every machine to the value that one would
 * write in a list, so that a point has the same key whether a list or a range describes it.
 */
import { didYouMean } from "../contract/complaint.ts";
import { listed, shown } from "./shown_value.ts";

/** Limit for the points of one experiment, over all stages. */
export const mostPoints = 100_000;

/** What is wrong with a range, and how to fix it. */
export interface RangeMistake {
  readonly what: string;
  readonly fix: string;
  /** The key with the error. */
  readonly key?: string;
}

const keys = ["from", "to", "step", "count", "scale"];
const example = "write `{ from: 1, to: 5 }`, optionally with `step` or `count`";

export function rangeValues(range: Readonly<Record<string, unknown>>): number[] | RangeMistake {
  const unknown = Object.keys(range).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    const fix = didYouMean(unknown, keys) ?? `its keys are ${listed(keys)}`;
    return { what: `a range has no key ${shown(unknown)}`, fix, key: unknown };
  }
  const { from, to, step, count, scale = "linear" } = range;
  for (const [key, value] of Object.entries({ from, to, step, count })) {
    if (typeof value === "number" && Number.isFinite(value)) continue;
    if (value === undefined && (key === "step" || key === "count")) continue;
    const what = value === undefined
      ? `a range needs \`${key}\``
      : `\`${key}\` of a range is ${shown(value)}`;
    return { what, fix: example, key };
  }
  return scale === "linear" || scale === "log"
    ? spaced({ from, to, step, count, scale } as Spacing)
    : { what: `\`scale\` of a range is ${shown(scale)}`, fix: "write linear or log", key: "scale" };
}

interface Spacing {
  readonly from: number;
  readonly to: number;
  readonly step: number | undefined;
  readonly count: number | undefined;
  readonly scale: "linear" | "log";
}

function spaced({ from, to, step, count, scale }: Spacing): number[] | RangeMistake {
  if (to < from) {
    return {
      what: `a range goes from ${from} to ${to}`,
      fix: "start with the smaller number",
      key: "to",
    };
  }
  if (step !== undefined && count !== undefined) {
    const fix = "remove one of the two";
    return { what: "a range has both `step` and `count`", fix, key: "count" };
  }
  if (step !== undefined && step <= 0) {
    return { what: `\`step\` of a range is ${step}`, fix: "use a number above 0", key: "step" };
  }
  if (count !== undefined && (!Number.isInteger(count) || count < 2)) {
    const fix = "use an integer of at least 2";
    return { what: `\`count\` of a range is ${count}`, fix, key: "count" };
  }
  if (scale === "log" && (count === undefined || from <= 0)) {
    const fix = "write `{ from: 1e-5, to: 1e-3, count: 3, scale: log }`";
    return { what: "a range with `scale: log` needs `count`, and `from` above 0", fix };
  }
  const length = count ?? Math.floor((to - from) / (step ?? 1) + 1e-9) + 1;
  if (length > mostPoints) {
    const fix = "use larger steps";
    return { what: `a range has ${length} values; at most ${mostPoints} are allowed`, fix };
  }
  const value = (index: number) => {
    if (count === undefined) return from + index * (step ?? 1);
    if (index === count - 1) return to;
    const fraction = index / (count - 1);
    return scale === "log" ? from * (to / from) ** fraction : from + fraction * (to - from);
  };
  return Array.from({ length }, (_, index) => decimal(index === 0 ? from : value(index)));
}

function decimal(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(12));
}
