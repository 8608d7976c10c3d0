/**
 * Walks the nodes of a parsed file once: resolves aliases, replaces variables, and rejects what YAML
 * allows but an experiment must not contain: duplicate keys, aliases that expand without bound,
 * numbers that are not finite or not exact, and tags. Checked by hand, because the checks of package
 * `yaml` give no position and take quadratic time: `maxAliasCount` 66 s for 40,000 aliases,
 * `uniqueKeys` 37 s for 20,000 keys.
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from "yaml";
import { Complaint, enough, type Place, throwComplaints } from "../contract/complaint.ts";
import { clipped, shown } from "./shown_value.ts";
import { type Environment, replaceVariables } from "./variables.ts";

export type { Environment };

/** The size of a node after expanding every alias. */
interface Extent {
  readonly nodes: number;
  readonly depth: number;
}

const mostNodes = 200_000;
const deepest = 64;

const knownTags = ["str", "int", "float", "bool", "null", "map", "seq"]
  .map((name) => `tag:yaml.org,2002:${name}`);

/**
 * @param options.environment without it, `${` has no special meaning
 * @throws Complaint or ComplaintList
 */
export function checkNodes(
  root: unknown,
  { place, environment }: { place: (node: unknown) => Place; environment?: Environment },
): { resolve(node: unknown): unknown; value(node: unknown): unknown } {
  const complaints: Complaint[] = [];
  const complain = (what: string, fix: string, node: unknown) => {
    complaints.push(new Complaint(what, fix, { place: place(node) }));
    if (enough(complaints)) throwComplaints(complaints);
  };
  const anchors = new Map<string, Node>();
  const extents = new Map<unknown, Extent | "open">();
  const targets = new Map<unknown, unknown>();
  const replace = environment === undefined ? () => {} : replaceVariables(environment, complain);
  extentOf(root);
  throwComplaints(complaints);

  const resolve = (node: unknown) => isAlias(node) ? targets.get(node) : node;
  const values = new Map<unknown, unknown>();
  const value = (nodeOrAlias: unknown): unknown => {
    const node = resolve(nodeOrAlias);
    if (isScalar(node)) return node.value;
    if (!isMap(node) && !isSeq(node)) return null;
    const known = values.get(node);
    if (known !== undefined) return known;
    const converted = isSeq(node)
      ? node.items.map(value)
      : Object.fromEntries(node.items.map(({ key, value: item }) => [keyText(key), value(item)]));
    values.set(node, converted);
    return converted;
  };
  return { resolve, value };

  function extentOf(node: unknown): Extent {
    if (isAlias(node)) return aliasExtent(node);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return { nodes: 1, depth: 0 };
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (node.tag !== undefined && !knownTags.includes(node.tag)) {
      complain(`the tag \`${clipped(tagText(node.tag))}\` is not supported`, "remove it", node);
    }
    if (isScalar(node)) {
      checkScalar(node);
      return remember(node, { nodes: 1, depth: 0 });
    }
    extents.set(node, "open");
    if (isMap(node)) checkKeys(node.items);
    const parts = isSeq(node)
      ? node.items.map(extentOf)
      : node.items.map(({ value }) => extentOf(value));
    const extent = {
      nodes: parts.reduce((sum, part) => sum + part.nodes, 1),
      depth: parts.reduce((most, part) => Math.max(most, part.depth), 0) + 1,
    };
    if (extent.nodes > mostNodes || extent.depth > deepest) {
      throw new Complaint(
        extent.nodes > mostNodes
          ? `with aliases expanded, this contains more than ${mostNodes} values`
          : `with aliases expanded, this is nested deeper than ${deepest} levels`,
        "use fewer aliases",
        { place: place(node) },
      );
    }
    return remember(node, extent);
  }

  function remember(node: Node, extent: Extent): Extent {
    if (node.anchor !== undefined || extents.has(node)) extents.set(node, extent);
    return extent;
  }

  function aliasExtent(alias: Node & { source: string }): Extent {
    const node = anchors.get(alias.source);
    const extent = extents.get(node);
    if (node !== undefined && extent !== undefined && extent !== "open") {
      targets.set(alias, node);
      return extent;
    }
    const name = clipped(alias.source);
    throw new Complaint(
      node === undefined
        ? `the alias \`*${name}\` has no anchor \`&${name}\` before it`
        : `the alias \`*${name}\` is inside the value that it refers to`,
      "write the value itself",
      { place: place(alias) },
    );
  }

  function checkKeys(pairs: readonly Pair[]): void {
    const known = new Set<string>();
    for (const { key } of pairs) {
      const text = keyText(key);
      if (known.has(text)) complain("duplicate key", "remove one of the two", key);
      known.add(text);
      if (text !== "<<") continue;
      complain("YAML 1.2 has no merge key `<<`", "write the values themselves", key);
    }
  }

  function checkScalar(scalar: Scalar): void {
    if (typeof scalar.value === "number") {
      const wrong = wrongNumber(scalar.value, scalar.source ?? "");
      // On the command line it may be intended as a text.
      if (wrong !== undefined && environment === undefined) scalar.value = scalar.source;
      else if (wrong !== undefined) {
        complain(wrong, "use a number that a double represents", scalar);
      }
    }
    if (typeof scalar.value !== "string") return;
    if (scalar.value.includes("${")) replace(scalar as Scalar<string>);
    if (typeof scalar.value !== "string" || scalar.value.isWellFormed()) return;
    complain("this text contains half a character (a lone surrogate)", "fix its `\\u…`", scalar);
  }
}

function tagText(tag: string): string {
  return tag.replace("tag:yaml.org,2002:", "!!");
}

/** Keys are texts; the parser rejects all others. */
export function keyText(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

/** What is wrong with a number: its value would differ from what was written. */
function wrongNumber(value: number, source: string): string | undefined {
  if (!Number.isFinite(value)) {
    return `${shown(source).slice(1, -1)} is not a finite number`;
  }
  const isInteger = /^[-+]?(\d+|0x[\da-f]+|0o[0-7]+)$/i.test(source);
  return isInteger && !Number.isSafeInteger(value)
    ? `${shown(source).slice(1, -1)} has too many digits: it would become ${value}`
    : undefined;
}
