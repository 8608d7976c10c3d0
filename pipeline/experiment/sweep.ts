/** Computes the points of a stage's matrix: axes crossed, points excluded, added and given parameters. */
import { Complaint, type Place } from "../contract/complaint.ts";
import type { LocatedValue } from "./located_value.ts";
import type { MatrixEntry } from "./matrix.ts";
import { mostPoints } from "./range.ts";
import { listed } from "./shown_value.ts";
import type { Scalar } from "../contract/stage.ts";

export interface SweepPoint {
  readonly point: Readonly<Record<string, Scalar>>;
  /** Parameters that `include` sets for this point. */
  readonly more: ReadonlyMap<string, LocatedValue>;
}

export interface Sweep {
  readonly stage: string;
  readonly place: Place;
  /** Axis -> its values, in the order of the file. */
  readonly axes: ReadonlyMap<string, readonly Scalar[]>;
  /** Axis -> the value that the command line pins it to; pinned axes are not part of a point's address. */
  readonly pinned: ReadonlyMap<string, Scalar>;
  /** Axes that the command line changed; if there are none, an entry without effect is an error. */
  readonly restricted: ReadonlySet<string>;
  readonly crossed: boolean;
  readonly include: readonly MatrixEntry[];
  readonly exclude: readonly MatrixEntry[];
}

/** A point that `include` may still change; `values` also has the pinned axes. */
interface PendingPoint {
  readonly values: ReadonlyMap<string, Scalar>;
  readonly more: Map<string, LocatedValue>;
}

/**
 * Every combination of the axes' values, last axis fastest, except those that `exclude` matches.
 * An entry of `include` that names axes and parameters sets these parameters for the points that it
 * matches; later entries override earlier ones. An entry that has a value for every axis and matches
 * no point adds that point.
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
  const points = new Map(
    left.map((point): [string, PendingPoint] => [
      address(point),
      { values: point, more: new Map() },
    ]),
  );
  const axisSets = new Set(include.map(({ values: entry }) => axisSetOf(entry, values)));
  limitAxisSets(axisSets.size, include);
  const matching = matcher(points, values);
  for (const entry of include) {
    const own = [...entry.values].filter(([name]) => values.has(name));
    const more = [...entry.values].filter(([name]) => !values.has(name));
    const where = new Map(own.map(([axis, { value }]) => [axis, value as Scalar]));
    const found = matching(where);
    for (const point of found) for (const [name, value] of more) point.more.set(name, value);
    if (found.length > 0 && more.length > 0) continue;
    if (found.length > 0 && where.size === values.size) {
      if (unchanged) throw withoutEffect(entry, "is already a point of the matrix", "remove it");
    } else if (where.size === values.size) {
      const allowed = [...where].every(([axis, value]) =>
        !restricted.has(axis) || values.get(axis)!.includes(value)
      );
      if (allowed) matching.add({ values: inOrder(where), more: new Map(more) });
    } else if (unchanged) {
      const missing = [...values.keys()].filter((axis) => !where.has(axis));
      throw more.length > 0
        ? withoutEffect(
          entry,
          "matches no point",
          `add a value for ${listed(missing)} to add a point`,
        )
        : withoutEffect(
          entry,
          "adds nothing",
          `add a value for ${listed(missing)}, or a parameter`,
        );
    }
  }
  if (points.size === 0 || points.size > mostPoints) {
    throw new Complaint(
      points.size === 0
        ? `the matrix of stage \`${stage}\` has no points left`
        : tooManyText(stage),
      points.size === 0 ? "exclude fewer points" : "vary fewer parameters at once",
      { place },
    );
  }
  const names = [...values.keys()].filter((axis) => !pinned.has(axis));
  return [...points.values()].map(({ values, more }) => ({
    point: Object.fromEntries(names.map((axis) => [axis, values.get(axis)!])),
    more,
  }));

  function withoutEffect({ place }: MatrixEntry, what: string, fix: string): Complaint {
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
  // Entries with the same set of axes share one lookup, however many there are.
  const byAxes = new Map<string, { axes: string[]; known: Set<string> }>();
  for (const { values } of exclude) {
    const axes = [...values.keys()].sort();
    const name = axes.join();
    const group = byAxes.get(name) ?? { axes, known: new Set() };
    byAxes.set(name, group);
    group.known.add(address(new Map(axes.map((axis) => [axis, values.get(axis)!.value]))));
  }
  const groups = [...byAxes.values()];
  limitAxisSets(groups.length, exclude);
  return points.filter((point) =>
    !groups.some(({ axes, known }) =>
      known.has(address(new Map(axes.map((axis) => [axis, point.get(axis)]))))
    )
  );
}

/** Finds the points that have given values, with one index per set of axes. */
function matcher(points: Map<string, PendingPoint>, values: ReadonlyMap<string, unknown>) {
  const indices = new Map<string, Map<string, PendingPoint[]>>();
  const part = (all: ReadonlyMap<string, unknown>, axes: readonly string[]) =>
    address(new Map(axes.map((axis) => [axis, all.get(axis)])));
  const find = (where: ReadonlyMap<string, unknown>): readonly PendingPoint[] => {
    const axisSet = axisSetOf(where, values);
    const axes: string[] = JSON.parse(axisSet);
    const index = indices.get(axisSet) ??
      Map.groupBy(points.values(), (point) => part(point.values, axes));
    indices.set(axisSet, index);
    return index.get(part(where, axes)) ?? [];
  };
  return Object.assign(find, {
    add(point: PendingPoint) {
      points.set(address(point.values), point);
      for (const [axisSet, index] of indices) {
        const key = part(point.values, JSON.parse(axisSet));
        const found = index.get(key);
        if (found === undefined) index.set(key, [point]);
        else found.push(point);
      }
    },
  });
}

/** The axes that an entry has a value for, in the order of the matrix, as JSON. */
function axisSetOf(
  entry: ReadonlyMap<string, unknown>,
  values: ReadonlyMap<string, unknown>,
): string {
  return JSON.stringify([...values.keys()].filter((axis) => entry.has(axis)));
}

/** Each set of axes needs an index of all points. */
function limitAxisSets(count: number, entries: readonly MatrixEntry[]): void {
  if (count <= 32) return;
  throw new Complaint(
    "these entries use more than 32 different sets of axes",
    "list the points instead, or use several stages",
    { place: entries[0]!.place },
  );
}

function address(point: ReadonlyMap<string, unknown>): string {
  return JSON.stringify([...point.values()]);
}
