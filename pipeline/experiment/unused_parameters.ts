/**
 * Parameters without effect: `k` with `projection: sparsemax`. They are no part of a key, and points of a
 * matrix that differ only in them are one point, which has no value on these axes.
 */
import { type Canonical, canonicalDigest } from "../disk/canonical.ts";
import type { Scalar, StageDefinition } from "../contract/stage.ts";
import { shown } from "./shown_value.ts";

/** Parameter -> the value that makes it useless, in words: `sparsemax`, `validate_every 0`. */
export type UnusedParameters = ReadonlyMap<string, string>;

/** One point of a stage's own matrix. */
export interface Variant {
  /** Axis -> value; an axis whose parameter has no effect is missing. */
  readonly point: Readonly<Record<string, Scalar>>;
  /** With defaults filled in. */
  readonly parameters: Readonly<Record<string, Canonical>>;
  readonly unused: UnusedParameters;
  /** Missing axis -> the values in the matrix that this point stands for. */
  readonly standsFor: Readonly<Record<string, readonly Scalar[]>>;
  /** How many combinations of the matrix it stands for. */
  readonly combinations: number;
}

type CheckedVariant = Omit<Variant, "standsFor" | "combinations">;

/** @param parameters checked against the schema of the stage */
export function unusedParameters(
  { applies = [] }: StageDefinition,
  parameters: Readonly<Record<string, unknown>>,
): UnusedParameters {
  const unused = new Map<string, string>();
  for (const { parameters: names, by, when } of applies) {
    if (when(parameters)) continue;
    for (const name of names) {
      if (!unused.has(name)) unused.set(name, causeText(by, parameters[by]));
    }
  }
  return unused;
}

function causeText(by: string, value: unknown): string {
  if (typeof value !== "string") {
    return value === undefined ? `a stage without ${by}` : `${by} ${shown(value)}`;
  }
  return /^[\w-]{1,60}$/.test(value) ? value : `a stage with ${by}`; // a path has no meaning here
}

/**
 * The variants without the axes that have no effect on them; those that become equal are one, in the
 * place of the first.
 */
export function distinctVariants(variants: readonly CheckedVariant[]): Variant[] {
  const groups = Map.groupBy(variants, (variant) => canonicalDigest(usedPoint(variant)));
  return [...groups.values()].flatMap((same): Variant[] => {
    // `include` may give points different parameters, although their remaining axes are equal.
    if (new Set(same.map((each) => canonicalDigest(usedIn(each)))).size > 1) {
      return same.map((each) => ({ ...each, standsFor: {}, combinations: 1 }));
    }
    const [first] = same as [CheckedVariant];
    const missing = Object.keys(first.point).filter((axis) => first.unused.has(axis));
    const values = (axis: string) => [...new Set(same.map(({ point }) => point[axis]!))];
    return [{
      ...first,
      point: usedPoint(first),
      standsFor: Object.fromEntries(missing.map((axis) => [axis, values(axis)])),
      combinations: same.length,
    }];
  });
}

/** The parameters that have an effect. */
export function usedIn<Value>(
  { parameters, unused }: {
    readonly parameters: Readonly<Record<string, Value>>;
    readonly unused: { has(name: string): boolean };
  },
): Record<string, Value> {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !unused.has(name)));
}

function usedPoint({ point, unused }: Pick<Variant, "point" | "unused">): Record<string, Scalar> {
  return usedIn({ parameters: point, unused });
}

/**
 * What a user should know about parameters without effect: which points of the matrix are one, and which
 * settings have no effect at any point.
 *
 * @param written names of the parameters that the experiment sets for the stage, its axes included
 */
export function unusedNotes(
  variants: readonly Variant[],
  written: ReadonlySet<string>,
): string[] {
  const merged = mergedPoints(variants);
  const told = new Set(merged.flatMap(({ causes }) => [...causes.keys()]));
  const useless = [...written].filter((name) =>
    !told.has(name) && variants.every(({ unused }) => unused.has(name))
  );
  const everyCause = (name: string) =>
    listText([...new Set(variants.map(({ unused }) => unused.get(name)!))], "or");
  return [
    ...merged.map(({ causes, all, left }) =>
      `${causesText(causes)}: ${all} points are ${left === 1 ? "one" : left}`
    ),
    ...useless.length === 0
      ? []
      : [causesText(new Map(useless.map((name) => [name, everyCause(name)])))],
  ];
}

/** The points that stand for several, by the axes without effect and what makes them so. */
function mergedPoints(
  variants: readonly Variant[],
): { readonly causes: UnusedParameters; readonly all: number; readonly left: number }[] {
  const causesOf = ({ standsFor, unused }: Variant) =>
    JSON.stringify(
      Object.entries(standsFor).flatMap(([axis, values]) =>
        values.length > 1 ? [[axis, unused.get(axis)]] : []
      ),
    );
  const merged = variants.filter(({ combinations }) => combinations > 1);
  return [...Map.groupBy(merged, causesOf)].map(([causes, points]) => ({
    causes: new Map<string, string>(JSON.parse(causes)),
    all: points.reduce((sum, { combinations }) => sum + combinations, 0),
    left: points.length,
  }));
}

/** `k does not apply to sparsemax`, `projection and k do not apply to none`. */
function causesText(causes: ReadonlyMap<string, string>): string {
  const byCause = Map.groupBy(causes, ([, cause]) => cause);
  return [...byCause].map(([cause, names]) => {
    const all = names.map(([name]) => name);
    return `${listText(all, "and")} ${all.length === 1 ? "does" : "do"} not apply to ${cause}`;
  }).join("; ");
}

/** `a`, `a and b`, `a, b and c`. */
function listText(items: readonly string[], word: "and" | "or"): string {
  const [last, ...before] = items.toReversed();
  return before.length === 0 ? last! : `${before.toReversed().join(", ")} ${word} ${last}`;
}
