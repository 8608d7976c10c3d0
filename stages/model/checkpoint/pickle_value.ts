/** What a pickle holds, as data: no object of Python is ever made. */

/** Objects that callables and persistent ids stand for carry a `kind` of their own. */
export type PickleValue<Made> =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleFloat
  | PickleTuple<Made>
  | PickleList<Made>
  | PickleDict<Made>
  | PickleCallable
  | Made;

/** Kept apart from integers: 3.0 is no size. */
export interface PickleFloat {
  readonly kind: "float";
  readonly value: number;
}

export interface PickleTuple<Made> {
  readonly kind: "tuple";
  readonly items: readonly PickleValue<Made>[];
}

/** May hold itself. */
export interface PickleList<Made> {
  readonly kind: "list";
  readonly items: PickleValue<Made>[];
}

/** A dict or an OrderedDict; may hold itself. Keys keep the order in which they were set first. */
export interface PickleDict<Made> {
  readonly kind: "dict";
  readonly entries: Map<PickleKey, PickleValue<Made>>;
  /** OrderedDicts may be given attributes, which are dropped (`_metadata` of a state dict). */
  readonly ordered: boolean;
}

export type PickleKey = null | boolean | number | bigint | string;

export interface PickleCallable {
  readonly kind: "callable";
  /** Module and name: "collections.OrderedDict". */
  readonly name: string;
}

export function isKind<Value, Kind extends string>(
  value: Value,
  kind: Kind,
): value is Extract<Value, { readonly kind: Kind }> {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === kind;
}
