/** The content of a pickle as data: no Python object is ever created. */

/** `Made`: what callables return and persistent ids stand for, each with a `kind` of its own. */
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

/** Distinct from integers: 3.0 is not a size. */
export interface PickleFloat {
  readonly kind: "float";
  readonly value: number;
}

export interface PickleTuple<Made> {
  readonly kind: "tuple";
  readonly items: readonly PickleValue<Made>[];
}

/** May contain itself. */
export interface PickleList<Made> {
  readonly kind: "list";
  readonly items: PickleValue<Made>[];
}

/** A dict or an OrderedDict; may contain itself. Keys are in the order in which they were first set. */
export interface PickleDict<Made> {
  readonly kind: "dict";
  readonly entries: Map<PickleKey, PickleValue<Made>>;
  /** An OrderedDict may be given attributes, which are dropped (`_metadata` of a state dict). */
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
