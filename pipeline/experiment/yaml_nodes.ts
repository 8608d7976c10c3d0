/**
 * One walk over the nodes of a parsed file: aliases are resolved, variables replaced, and what YAML
 * allows and a request cannot mean is refused: keys that stand twice, aliases of aliases without
 * end, numbers that are none or not kept exactly, tags.
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from "yaml";
import { Complaint, enough, type Place, throwComplaints } from "../contract/complaint.ts";
import { clipped, shown } from "./shown_value.ts";
import { type Environment, replaceVariables } from "./variables.ts";

export type { Environment };

/** What a node counts for once every alias is written out. */
interface Extent {
  readonly nodes: number;
  readonly depth: number;
}

const mostNodes = 200_000;
const deepest = 64;

const knownTags = ["str", "int", "float", "bool", "null", "map", "seq"]
  .map((name) => `tag:yaml.org,2002:${name}`);

/**
 * @param options.environment without: `${` stands for itself
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
  const meant = new Map<unknown, unknown>();
  const replace = environment === undefined ? () => {} : replaceVariables(environment, complain);
  extentOf(root);
  throwComplaints(complaints);

  const resolve = (node: unknown) => isAlias(node) ? meant.get(node) : node;
  const values = new Map<unknown, unknown>();
  const value = (given: unknown): unknown => {
    const node = resolve(given);
    if (isScalar(node)) return node.value;
    if (!isMap(node) && !isSeq(node)) return null;
    const known = values.get(node);
    if (known !== undefined) return known;
    const made = isSeq(node)
      ? node.items.map(value)
      : Object.fromEntries(node.items.map(({ key, value: item }) => [keyText(key), value(item)]));
    values.set(node, made);
    return made;
  };
  return { resolve, value };

  function extentOf(node: unknown): Extent {
    if (isAlias(node)) return aliasExtent(node);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return { nodes: 1, depth: 0 };
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (node.tag !== undefined && !knownTags.includes(node.tag)) {
      complain(`the tag \`${clipped(tagText(node.tag))}\` means nothing here`, "remove it", node);
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
          ? `with its aliases written out this has more than ${mostNodes} values`
          : `with its aliases written out this is nested deeper than ${deepest} levels`,
        "write the values out, or use fewer aliases",
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
      meant.set(alias, node);
      return extent;
    }
    const name = clipped(alias.source);
    throw new Complaint(
      node === undefined
        ? `no \`&${name}\` stands before the alias \`*${name}\``
        : `the alias \`*${name}\` lies within the value that it names`,
      "write the value out",
      { place: place(alias) },
    );
  }

  function checkKeys(pairs: readonly Pair[]): void {
    const known = new Set<string>();
    for (const { key } of pairs) {
      const text = keyText(key);
      if (known.has(text)) complain("this key stands here twice", "keep one of the two", key);
      known.add(text);
      if (text !== "<<") continue;
      complain("`<<` merges nothing: YAML 1.2 has no merge keys", "write the values out", key);
    }
  }

  function checkScalar(scalar: Scalar): void {
    if (typeof scalar.value === "number") {
      const wrong = wrongNumber(scalar.value, scalar.source ?? "");
      // On the command line it may be meant as a text.
      if (wrong !== undefined && environment === undefined) scalar.value = scalar.source;
      else if (wrong !== undefined) complain(wrong, "give a number that is kept exactly", scalar);
    }
    if (typeof scalar.value !== "string") return;
    if (scalar.value.includes("${")) replace(scalar as Scalar<string>);
    if (typeof scalar.value !== "string" || scalar.value.isWellFormed()) return;
    complain("this text holds half a character (a lone surrogate)", "mend its `\\u…`", scalar);
  }
}

function tagText(tag: string): string {
  return tag.replace("tag:yaml.org,2002:", "!!");
}

/** Keys are texts: the parser refuses others. */
export function keyText(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

/** What is wrong with a number of a request: it would not be the one that was written. */
function wrongNumber(value: number, source: string): string | undefined {
  if (!Number.isFinite(value)) {
    return `${shown(source).slice(1, -1)} is no number that can be counted with`;
  }
  const whole = /^[-+]?(\d+|0x[\da-f]+|0o[0-7]+)$/i.test(source);
  return whole && !Number.isSafeInteger(value)
    ? `${shown(source).slice(1, -1)} has too many digits: it would become ${value}`
    : undefined;
}
