/**
 * The values that a range in a matrix stands for:
 *
 *     { from: 1, to: 5 }                                   1, 2, 3, 4, 5
 *     { from: 0.1, to: 0.5, step: 0.2 }                    0.1, 0.3, 0.5
 *     { from: 0, to: 1, count: 3 }                         0, 0.5, 1
 *     { from: 1e-5, to: 1e-3, count: 3, scale: log }       0.00001, 0.0001, 0.001
 *
 * Values that are not whole are rounded to 12 digits: they are the ones that a list would name, on
 * every machine, so that a point has the same key however it is written.
 */
import { nearest } from "../contract/complaint.ts";
import { listed, shown } from "./shown_value.ts";

/** Points of one experiment, all stages together. */
export const mostPoints = 100_000;

/** What is wrong with a range, and how to mend it. */
export interface RangeMistake {
  readonly what: string;
  readonly fix: string;
  /** The key that it is about. */
  readonly key?: string;
}

const keys = ["from", "to", "step", "count", "scale"];
const example = "write `{ from: 1, to: 5 }`, with `step` or `count` where wanted";

export function rangeValues(range: Readonly<Record<string, unknown>>): number[] | RangeMistake {
  const odd = Object.keys(range).find((key) => !keys.includes(key));
  if (odd !== undefined) {
    const meant = nearest(odd, keys);
    const fix = meant === undefined ? `its keys are ${listed(keys)}` : `did you mean \`${meant}\`?`;
    return { what: `a range has no key ${shown(odd)}`, fix, key: odd };
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
    return { what: `a range goes from ${from} to ${to}`, fix: "begin with the smaller", key: "to" };
  }
  if (step !== undefined && count !== undefined) {
    const fix = "keep one of the two";
    return { what: "a range has both `step` and `count`", fix, key: "count" };
  }
  if (step !== undefined && step <= 0) {
    return { what: `\`step\` of a range is ${step}`, fix: "give a number above 0", key: "step" };
  }
  if (count !== undefined && (!Number.isInteger(count) || count < 2)) {
    const fix = "give a whole number of at least 2";
    return { what: `\`count\` of a range is ${count}`, fix, key: "count" };
  }
  if (scale === "log" && (count === undefined || from <= 0)) {
    const fix = "write `{ from: 1e-5, to: 1e-3, count: 3, scale: log }`";
    return { what: "a range with `scale: log` needs `count`, and `from` above 0", fix };
  }
  const many = count ?? Math.floor((to - from) / (step ?? 1) + 1e-9) + 1;
  if (many > mostPoints) {
    const fix = "take larger steps";
    return { what: `a range has ${many} values, which is more than ${mostPoints}`, fix };
  }
  const value = (index: number) => {
    if (count === undefined) return from + index * (step ?? 1);
    if (index === count - 1) return to;
    const part = index / (count - 1);
    return scale === "log" ? from * (to / from) ** part : from + part * (to - from);
  };
  return Array.from({ length: many }, (_, index) => decimal(index === 0 ? from : value(index)));
}

function decimal(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(12));
}
