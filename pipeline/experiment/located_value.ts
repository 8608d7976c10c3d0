/** Values of an experiment with their positions in the file or on the command line. */
import { dirname } from "node:path";
import { isMap, isSeq, type Pair, type YAMLMap } from "yaml";
import type { Place } from "../contract/complaint.ts";
import { keyText } from "./yaml_nodes.ts";
import type { SourceText } from "./yaml_text.ts";

/** A value and its position; `at` gives the position of a part of a list or map. */
export interface LocatedValue {
  readonly value: unknown;
  /** For a value from the command line: the same with each plain value as its original text. */
  readonly written?: unknown;
  readonly keyPlace: Place;
  readonly place: Place;
  /** The folder that relative paths in the value start from. */
  readonly base: string;
  at(path: readonly (string | number)[]): Place;
}

/** The entries of a YAML map, by key. */
export function entries(map: YAMLMap, source: SourceText): Map<string, LocatedValue> {
  return new Map(map.items.map((pair) => [keyText(pair.key), locatedPair(pair, source)]));
}

/** @param value replaces the value in the file: the list that a range stands for */
export function locatedPair(
  pair: Pair,
  source: SourceText,
  value: unknown = source.value(pair.value),
): LocatedValue {
  // Positions are looked up only when an error needs them.
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
