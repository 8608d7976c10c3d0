/**
 * Reads the `matrix` of a stage: axes to cross, points to exclude, and points to add or to give more
 * parameters. A point is one combination of values, one per axis. sweep.ts computes the points.
 */
import { isMap, isSeq, type Pair, type YAMLMap } from "yaml";
import { Complaint, enough, type Place } from "../contract/complaint.ts";
import { entries, locatedPair, type LocatedValue } from "./located_value.ts";
import { rangeValues } from "./range.ts";
import { listed, shown } from "./shown_value.ts";
import { keyText } from "./yaml_nodes.ts";
import type { SourceText } from "./yaml_text.ts";
import type { Scalar } from "../contract/stage.ts";

/** A whole or partial point: axis -> value, and in `include` also parameter -> value. */
export interface MatrixEntry {
  readonly place: Place;
  readonly values: ReadonlyMap<string, LocatedValue>;
}

export interface Matrix {
  /** Parameter -> list of values; ranges are expanded. */
  readonly axes: ReadonlyMap<string, LocatedValue>;
  /** True if all combinations of the axes' values are points; otherwise `include` lists all points. */
  readonly crossed: boolean;
  readonly include: readonly MatrixEntry[];
  readonly exclude: readonly MatrixEntry[];
  /** Axes whose values `--set` replaced, so that entries may match nothing. */
  readonly restricted: ReadonlySet<string>;
}

export const noMatrix: Matrix = {
  axes: new Map(),
  crossed: true,
  include: [],
  exclude: [],
  restricted: new Set(),
};

const mostEntries = 10_000;

/** @param complaints receives all errors */
export function readMatrix(
  stage: string,
  body: YAMLMap,
  source: SourceText,
  complaints: Complaint[],
): Matrix {
  const matrix = source.resolve(body.get("matrix", true));
  if (matrix === undefined) return noMatrix;
  const fail = (what: string, fix: string, place: Place) => {
    complaints.push(new Complaint(what, fix, { place }));
  };
  if (!isMap(matrix)) {
    fail(
      `\`matrix\` of stage \`${stage}\` is not a map of lists`,
      "write `matrix: { seed: [1, 2, 3] }`",
      source.place(matrix),
    );
    return noMatrix;
  }
  const axes = new Map<string, LocatedValue>();
  const lists = { include: [] as MatrixEntry[], exclude: [] as MatrixEntry[] };
  for (const pair of matrix.items) {
    const key = keyText(pair.key);
    if (key === "include" || key === "exclude") lists[key] = readEntries(pair, key);
    else axes.set(key, readAxis(pair, key));
    if (enough(complaints)) return noMatrix;
  }
  return axes.size > 0 ? crossedMatrix() : listedMatrix();

  function readAxis(pair: Pair, axis: string): LocatedValue {
    const written = source.value(pair.value);
    const values = axisValues(stage, axis, written);
    if (Array.isArray(values)) return locatedPair(pair, source, values);
    const located = locatedPair(pair, source);
    const { what, fix, key } = values;
    fail(what, fix, key === undefined ? located.place : located.at([key]));
    return locatedPair(pair, source, []);
  }

  function readEntries(pair: Pair, list: string): MatrixEntry[] {
    const items = source.resolve(pair.value);
    const place = source.place(pair.value ?? pair.key);
    const sequence = isSeq(items) ? items.items.map(source.resolve) : [];
    if (sequence.length === 0 || sequence.length > mostEntries || !sequence.every(isMap)) {
      fail(
        sequence.length > mostEntries
          ? `\`${list}\` in the matrix of stage \`${stage}\` has more than ${mostEntries} entries`
          : `\`${list}\` in the matrix of stage \`${stage}\` is not a list of points`,
        `write \`${list}: [{ alignment: none, seed: 3 }]\``,
        place,
      );
      return [];
    }
    return (sequence as YAMLMap[]).map((item) => ({
      place: source.place(item),
      values: entries(item, source),
    }));
  }

  function crossedMatrix(): Matrix {
    for (const { values, place } of lists.exclude) {
      if (enough(complaints)) break;
      if (values.size === 0) {
        fail("an empty entry of `exclude` excludes everything", "remove it", place);
      }
      for (const [axis, { keyPlace, value, place }] of values) {
        const known = axes.get(axis)?.value as unknown[] | undefined;
        if (known === undefined) {
          fail(
            `\`exclude\` of stage \`${stage}\` names \`${axis}\`, which is not an axis of its matrix`,
            `the axes are ${listed(axes.keys())}`,
            keyPlace,
          );
        } else if (!known.includes(value)) {
          fail(
            `\`exclude\` of stage \`${stage}\` matches no point: ` +
              `\`${axis}\` is never ${shown(value)}`,
            "use a value of the axis, or remove the entry",
            place,
          );
        }
      }
    }
    return { ...noMatrix, axes, ...lists };
  }

  /** Without axes, `include` lists every point, and its keys are the axes. */
  function listedMatrix(): Matrix {
    const [first] = lists.include;
    if (first === undefined || lists.exclude.length > 0 || first.values.size === 0) {
      if (!enough(complaints) && complaints.length === 0) {
        fail(
          `\`matrix\` of stage \`${stage}\` has no axis`,
          "write `matrix: { seed: [1, 2, 3] }`",
          source.place(matrix),
        );
      }
      return noMatrix;
    }
    const names = [...first.values.keys()];
    const mismatch = lists.include.find(({ values }) =>
      values.size !== names.length || !names.every((name) => values.has(name))
    );
    if (mismatch !== undefined) {
      fail(
        "this point does not have the same axes as the first",
        `give ${listed(names)}, or name the axes in the matrix`,
        mismatch.place,
      );
      return noMatrix;
    }
    for (const name of names) {
      const values = lists.include.map(({ values }) => values.get(name)!.value);
      axes.set(name, { ...first.values.get(name)!, value: [...new Set(values)] });
    }
    return { ...noMatrix, axes, crossed: false, ...lists };
  }
}

/** The values of an axis, from a list of distinct plain values or a range; or what is wrong with it. */
export function axisValues(
  stage: string,
  axis: string,
  value: unknown,
): Scalar[] | { readonly what: string; readonly fix: string; readonly key?: string } {
  const owner = `\`${axis}\` in the matrix of stage \`${stage}\``;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const values = rangeValues(value as Record<string, unknown>);
    return Array.isArray(values) ? values : { ...values, what: `${owner}: ${values.what}` };
  }
  if (!Array.isArray(value) || value.length === 0) {
    return {
      what: `${owner} is not a list of values`,
      fix: `write \`${axis}: [first, second]\`, or a range: \`${axis}: { from: 1, to: 5 }\``,
    };
  }
  if (value.some((item) => item !== null && typeof item === "object")) {
    return {
      what: `${owner} contains a list or a map`,
      fix: "list only numbers, texts, true or false",
    };
  }
  const seen = new Set<unknown>();
  const duplicate = value.find((item) => seen.size === seen.add(item).size);
  return duplicate === undefined
    ? value
    : { what: `${owner} lists ${shown(duplicate)} twice`, fix: "list each value once" };
}
