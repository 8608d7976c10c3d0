/** The points of a stage's matrix: axes crossed, points left out, added, and given more parameters. */
import { Complaint, type Place } from "../contract/complaint.ts";
import type { LocatedValue } from "./located_value.ts";
import type { MatrixEntry } from "./matrix.ts";
import { mostPoints } from "./range.ts";
import { listed } from "./shown_value.ts";
import type { Scalar } from "../contract/stage.ts";

export interface SweepPoint {
  readonly point: Readonly<Record<string, Scalar>>;
  /** Parameters that `include` gives this point. */
  readonly more: ReadonlyMap<string, LocatedValue>;
}

export interface Sweep {
  readonly stage: string;
  readonly place: Place;
  /** Axis -> its values, in the order of the file. */
  readonly axes: ReadonlyMap<string, readonly Scalar[]>;
  /** Axis -> the one value that it was given from outside: no part of a point's address. */
  readonly pinned: ReadonlyMap<string, Scalar>;
  /** Axes that are not as the file has them; without any, an entry that changes nothing is a mistake. */
  readonly restricted: ReadonlySet<string>;
  readonly crossed: boolean;
  readonly include: readonly MatrixEntry[];
  readonly exclude: readonly MatrixEntry[];
}

/** A point under way; `whole` has the pinned axes too. */
interface Made {
  readonly whole: ReadonlyMap<string, Scalar>;
  readonly more: Map<string, LocatedValue>;
}

/**
 * Every combination of the axes' values, last axis fastest, without those that `exclude` matches.
 * An entry of `include` that names parameters beside axes gives them to the points it matches, a
 * later entry over an earlier one; one that names a value of every axis and matches none is a point more.
 *
 * @throws Complaint
 */
export function sweepPoints(sweep: Sweep): SweepPoint[] {
  const { stage, place, axes, pinned, restricted, crossed, include, exclude } = sweep;
  const unchanged = restricted.size === 0;
  const values = new Map<string, readonly Scalar[]>([
    ...[...pinned].map(([axis, value]) => [axis, [value]] as const),
    ...axes,
  ]);
  const left = crossed ? withoutExcluded(product(sweep, values), exclude) : [];
  const made = new Map(left.map((whole) => [address(whole), { whole, more: new Map() } as Made]));
  const kinds = new Set(include.map(({ values: entry }) => kindOf(entry, values)));
  refuseManyKinds(kinds.size, include);
  const matching = matcher(made, values);
  for (const entry of include) {
    const own = [...entry.values].filter(([name]) => values.has(name));
    const more = [...entry.values].filter(([name]) => !values.has(name));
    const where = new Map(own.map(([axis, { value }]) => [axis, value as Scalar]));
    const found = matching(where);
    for (const point of found) for (const [name, value] of more) point.more.set(name, value);
    if (found.length > 0 && more.length > 0) continue;
    if (found.length > 0 && where.size === values.size) {
      if (unchanged) throw idle(entry, "is a point of the matrix already", "remove it");
    } else if (where.size === values.size) {
      const allowed = [...where].every(([axis, value]) =>
        !restricted.has(axis) || values.get(axis)!.includes(value)
      );
      if (allowed) matching.add({ whole: inOrder(where), more: new Map(more) });
    } else if (unchanged) {
      const lacking = [...values.keys()].filter((axis) => !where.has(axis));
      throw more.length > 0
        ? idle(entry, "matches no point", `give a value of ${listed(lacking)} to add one`)
        : idle(entry, "adds nothing", `give a value of ${listed(lacking)}, or a parameter more`);
    }
  }
  if (made.size === 0 || made.size > mostPoints) {
    throw new Complaint(
      made.size === 0 ? `the matrix of stage \`${stage}\` has no point left` : tooManyText(stage),
      made.size === 0 ? "exclude fewer points" : "vary fewer parameters at once",
      { place },
    );
  }
  const names = [...values.keys()].filter((axis) => !pinned.has(axis));
  return [...made.values()].map(({ whole, more }) => ({
    point: Object.fromEntries(names.map((axis) => [axis, whole.get(axis)!])),
    more,
  }));

  function idle({ place }: MatrixEntry, what: string, fix: string): Complaint {
    return new Complaint(`an entry of \`include\` of stage \`${stage}\` ${what}`, fix, { place });
  }

  function inOrder(where: ReadonlyMap<string, Scalar>): Map<string, Scalar> {
    return new Map([...values.keys()].map((axis) => [axis, where.get(axis)!]));
  }
}

export function tooManyText(stage: string): string {
  return `with stage \`${stage}\` the experiment has more than ${mostPoints} points`;
}

function product(
  { stage, place }: Sweep,
  values: ReadonlyMap<string, readonly Scalar[]>,
): Map<string, Scalar>[] {
  const count = [...values.values()].reduce((product, { length }) => product * length, 1);
  if (count > mostPoints) {
    throw new Complaint(tooManyText(stage), "vary fewer parameters at once", { place });
  }
  let found: Map<string, Scalar>[] = [new Map()];
  for (const [axis, each] of values) {
    found = found.flatMap((point) => each.map((value) => new Map(point).set(axis, value)));
  }
  return found;
}

function withoutExcluded(
  points: readonly Map<string, Scalar>[],
  exclude: readonly MatrixEntry[],
): readonly Map<string, Scalar>[] {
  // Entries with the same axes are looked up together: a thousand of them take no longer than one.
  const byAxes = new Map<string, { axes: string[]; known: Set<string> }>();
  for (const { values } of exclude) {
    const axes = [...values.keys()].sort();
    const name = axes.join();
    const group = byAxes.get(name) ?? { axes, known: new Set() };
    byAxes.set(name, group);
    group.known.add(address(new Map(axes.map((axis) => [axis, values.get(axis)!.value]))));
  }
  const groups = [...byAxes.values()];
  refuseManyKinds(groups.length, exclude);
  return points.filter((point) =>
    !groups.some(({ axes, known }) =>
      known.has(address(new Map(axes.map((axis) => [axis, point.get(axis)]))))
    )
  );
}

/** Finds the points that have these values; what is named once is found without a search. */
function matcher(made: Map<string, Made>, values: ReadonlyMap<string, unknown>) {
  const indices = new Map<string, Map<string, Made[]>>();
  const part = (whole: ReadonlyMap<string, unknown>, axes: readonly string[]) =>
    address(new Map(axes.map((axis) => [axis, whole.get(axis)])));
  const find = (where: ReadonlyMap<string, unknown>): readonly Made[] => {
    const name = kindOf(where, values);
    const axes: string[] = JSON.parse(name);
    const index = indices.get(name) ??
      Map.groupBy(made.values(), ({ whole }) => part(whole, axes));
    indices.set(name, index);
    return index.get(part(where, axes)) ?? [];
  };
  return Object.assign(find, {
    add(point: Made) {
      made.set(address(point.whole), point);
      for (const [name, index] of indices) {
        const key = part(point.whole, JSON.parse(name));
        const there = index.get(key);
        if (there === undefined) index.set(key, [point]);
        else there.push(point);
      }
    },
  });
}

/** Names of the axes that an entry has a value of, in the order of the matrix. */
function kindOf(
  entry: ReadonlyMap<string, unknown>,
  values: ReadonlyMap<string, unknown>,
): string {
  return JSON.stringify([...values.keys()].filter((axis) => entry.has(axis)));
}

/** Each kind is looked up in all points. */
function refuseManyKinds(kinds: number, entries: readonly MatrixEntry[]): void {
  if (kinds <= 32) return;
  throw new Complaint(
    "these entries name more than 32 different sets of axes",
    "write the points out, or make several stages",
    { place: entries[0]!.place },
  );
}

function address(point: ReadonlyMap<string, unknown>): string {
  return JSON.stringify([...point.values()]);
}
