/** Values of a request that know where they stand. */
import { dirname } from "node:path";
import { isMap, isSeq, type Pair, type YAMLMap } from "yaml";
import type { Place } from "../contract/complaint.ts";
import { keyText } from "./yaml_nodes.ts";
import type { SourceText } from "./yaml_text.ts";

/** A value and where it stands; `at` leads to the parts of a list or map. */
export interface LocatedValue {
  readonly value: unknown;
  /** Of a value from the command line: the same, each plain value as the text it was written as. */
  readonly written?: unknown;
  readonly keyPlace: Place;
  readonly place: Place;
  /** The folder from which relative paths in it start. */
  readonly base: string;
  at(path: readonly (string | number)[]): Place;
}

/** The entries of a YAML map, by key. */
export function entries(map: YAMLMap, source: SourceText): Map<string, LocatedValue> {
  return new Map(map.items.map((pair) => [keyText(pair.key), locatedPair(pair, source)]));
}

/** @param value stands for what is written there: a range written out */
export function locatedPair(
  pair: Pair,
  source: SourceText,
  value: unknown = source.value(pair.value),
): LocatedValue {
  // Places are looked up when an error needs them.
  return {
    value,
    get keyPlace() {
      return source.place(pair.key);
    },
    get place() {
      return source.place(pair.value ?? pair.key);
    },
    base: dirname(source.file),
    at(path) {
      let inner: unknown = source.resolve(pair.value);
      let found = this.place;
      for (const step of path) {
        inner = isMap(inner) || isSeq(inner) ? source.resolve(inner.get(step, true)) : undefined;
        if (inner === undefined || inner === null) return found;
        found = source.place(inner);
      }
      return found;
    },
  };
}
