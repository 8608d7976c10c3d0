/**
 * Resolves a name on the command line: a stage with all its points, or the points that have certain
 * values, in any order: `tuned`, `tuned[alignment=sparse]`, `tuned[seed=1,alignment=sparse]`. A point
 * is one combination of the values in the stage's matrix.
 */
import { Complaint, didYouMean, nearest } from "../contract/complaint.ts";
import type { GraphNode } from "./stage_graph.ts";
import { scalarText } from "../contract/candidates.ts";
import { clipped, listed } from "./shown_value.ts";
import type { Scalar } from "../contract/stage.ts";

/**
 * @param option the option with the names, for messages
 * @returns the labels of the selected nodes
 * @throws Complaint about a name that matches no node
 */
export function selectNodes(
  nodes: readonly GraphNode[],
  option: string,
  names: readonly string[],
): Set<string> {
  const selected = new Set<string>();
  for (const name of names) {
    for (const { label } of selectOne(nodes, option, name)) selected.add(label);
  }
  return selected;
}

/**
 * The nodes that these names select, and everything they read; without names, all nodes.
 *
 * @param only names as the option `--only` takes them
 * @throws Complaint about a name that matches no node
 */
export function neededFor<Node extends GraphNode>(
  nodes: readonly Node[],
  only: readonly string[],
): readonly Node[] {
  if (only.length === 0) return nodes;
  const needed = selectNodes(nodes, "--only", only);
  for (const node of nodes.toReversed()) {
    if (needed.has(node.label)) Object.values(node.inputs).forEach((label) => needed.add(label));
  }
  return nodes.filter(({ label }) => needed.has(label));
}

function selectOne(
  nodes: readonly GraphNode[],
  option: string,
  name: string,
): readonly GraphNode[] {
  const failure = (what: string, fix: string) =>
    new Complaint(what, fix, { place: { file: `${option} ${clipped(name)}` } });
  const bracket = name.indexOf("[");
  const stage = bracket < 0 ? name : name.slice(0, bracket);
  const points = nodes.filter((node) => node.stage === stage);
  if (points.length === 0) {
    const stages = new Set(nodes.map(({ stage }) => stage));
    const suggestion = nearest(stage, stages);
    throw failure(
      `the experiment has no stage \`${clipped(stage)}\``,
      suggestion === undefined
        ? `its stages are ${listed(stages)}`
        : `did you mean \`${suggestion}${bracket < 0 ? "" : name.slice(bracket)}\`?`,
    );
  }
  if (bracket < 0) return points;
  const wanted = readValues(name.slice(bracket));
  if (wanted === undefined) {
    throw failure(
      `\`${clipped(name)}\` does not select points of \`${stage}\``,
      `write \`${points.at(-1)!.label}\`, or fewer values to select all points that have them`,
    );
  }
  const axes = axesOf(points);
  const unknown = [...wanted.keys()].find((axis) => !axes.includes(axis));
  if (unknown !== undefined) {
    throw failure(
      `stage \`${stage}\` is not swept over \`${clipped(unknown)}\``,
      didYouMean(unknown, axes) ??
        (axes.length === 0 ? `write \`${stage}\`; it has no axes` : `its axes are ${listed(axes)}`),
    );
  }
  const having = (matches: (value: Scalar, text: string) => boolean) =>
    points.filter((node) =>
      [...wanted].every(([axis, text]) => valuesOn(node, axis).some((one) => matches(one, text)))
    );
  const exact = having((value, text) => sameValue(value, text));
  // A text that looks like a number needs quotes only if that number is also a value.
  const found = exact.length > 0 ? exact : having((value, text) => value === text);
  if (found.length > 0) return found;
  const [axis, text] =
    [...wanted].find(([axis, text]) =>
      !points.some((node) =>
        valuesOn(node, axis).some((value) => sameValue(value, text) || value === text)
      )
    ) ?? [];
  if (axis === undefined || text === undefined) {
    throw failure(
      `stage \`${stage}\` has no point with all these values`,
      "list all points with --plan",
    );
  }
  const values = new Set(points.flatMap((node) => valuesOn(node, axis).map(scalarText)));
  throw failure(
    `no point of stage \`${stage}\` has the value ${clipped(text)} for \`${axis}\``,
    didYouMean(text, values) ?? `its values are ${listed(values)}`,
  );
}

/** The axes of a stage, those without effect at some points included. */
function axesOf(points: readonly GraphNode[]): string[] {
  return [
    ...new Set(points.flatMap(({ point, standsFor }) => [point, standsFor].flatMap(Object.keys))),
  ];
}

/** The value of a point on an axis; all that it stands for where the axis has no effect. */
function valuesOn({ point, standsFor }: GraphNode, axis: string): readonly Scalar[] {
  const value = point[axis];
  return value === undefined ? standsFor[axis] ?? [] : [value];
}

/** Parses `[axis=value,…]`; a value is a word, or a JSON string in quotes. */
function readValues(text: string): Map<string, string> | undefined {
  const inner = /^\[(.*)\]$/s.exec(text)?.[1];
  if (inner === undefined) return undefined;
  const part = /\s*([^=,"\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^,"]*)\s*(,|$)/y;
  const values = new Map<string, string>();
  for (let end = 0; end < inner.length;) {
    part.lastIndex = end;
    const [found, axis, value, comma] = part.exec(inner) ?? [];
    if (found === undefined || values.has(axis!)) return undefined;
    values.set(axis!, value!.trim());
    end = part.lastIndex;
    if (comma === "," && end === inner.length) return undefined;
  }
  return values.size === 0 ? undefined : values;
}

function sameValue(value: Scalar, text: string): boolean {
  if (typeof value === "number") return text !== "" && Number(text) === value;
  if (typeof value === "string" && text.startsWith('"')) return JSON.stringify(value) === text;
  return scalarText(value) === text;
}
