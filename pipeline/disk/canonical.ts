/**
 * The only encoding for values that are hashed. Every part has a tag and a length, so that two
 * different values never share a preimage: `["a,b"]` and `["a", "b"]` differ, and so do `1` and `"1"`.
 *
 *     null n   true t   false f   number d<length>:<decimal>   text s<UTF-8 bytes>:<text>
 *     list l<length>:<items>      map m<size>:<key><value>…     keys in code unit order
 *
 * Values without a unique encoding (NaN, infinities, functions, undefined, class instances) are
 * rejected: a placeholder would give two different requests the same key.
 */
import { createHash } from "node:crypto";

/** Values that can be part of a key. */
export type Canonical =
  | null
  | boolean
  | number
  | string
  | readonly Canonical[]
  | { readonly [name: string]: Canonical };

/** SHA-256 of the canonical encoding, 64 hexadecimal digits. */
export function canonicalDigest(value: Canonical): string {
  return createHash("sha256").update(canonicalText(value)).digest("hex");
}

export function canonicalText(value: unknown): string {
  switch (typeof value) {
    case "boolean":
      return value ? "t" : "f";
    case "number":
      return encodeNumber(value);
    case "string":
      return encodeText(value);
    case "object":
      return value === null ? "n" : Array.isArray(value) ? encodeList(value) : encodeMap(value);
    default:
      throw new TypeError(`a ${typeof value} has no canonical encoding`);
  }
}

function encodeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`${value} has no canonical encoding`);
  const decimal = String(value === 0 ? 0 : value);
  return `d${decimal.length}:${decimal}`;
}

function encodeText(text: string): string {
  if (!text.isWellFormed()) {
    throw new TypeError("a text with a lone surrogate has no canonical encoding");
  }
  const bytes = /^[ -~]*$/.test(text) ? text.length : new TextEncoder().encode(text).length;
  return `s${bytes}:${text}`;
}

function encodeList(items: readonly unknown[]): string {
  return `l${items.length}:${Array.from(items, canonicalText).join("")}`;
}

function encodeMap(map: object): string {
  const prototype = Object.getPrototypeOf(map);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`a ${map.constructor?.name ?? "class instance"} has no canonical encoding`);
  }
  const entries = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  const encoded = entries.map(([name, value]) => encodeText(name) + canonicalText(value));
  return `m${entries.length}:${encoded.join("")}`;
}
