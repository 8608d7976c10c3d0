/**
 * Reads JSON that the results folder keeps, and checks it: anybody may have changed, truncated or
 * replaced such a file since it was written. What fails the check is not used; the caller reports why.
 */
import * as v from "valibot";

export type StoredJson<Content> =
  | { readonly state: "absent" }
  /** `reason` follows "the file": "is truncated or damaged". */
  | { readonly state: "unusable"; readonly reason: string }
  | { readonly state: "read"; readonly content: Content };

type Checked<Content> = Exclude<StoredJson<Content>, { state: "absent" }>;

/** What content must look like. */
export type StoredSchema<Content> = v.GenericSchema<unknown, Content>;

/** Never throws, whatever is at the path. */
export function readStoredJson<Content>(
  path: string,
  schema: StoredSchema<Content>,
): StoredJson<Content> {
  const text = readStoredText(path);
  return text.state === "read" ? checkStoredJson(text.content, schema) : text;
}

/** Never throws, whatever is at the path. */
export function readStoredText(path: string): StoredJson<string> {
  try {
    return { state: "read", content: Deno.readTextFileSync(path) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return { state: "absent" };
    }
    return { state: "unusable", reason: unreadable(error) };
  }
}

export function checkStoredJson<Content>(
  text: string,
  schema: StoredSchema<Content>,
): Checked<Content> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { state: "unusable", reason: "is truncated or damaged" };
  }
  return checkStoredValue(value, schema);
}

export function checkStoredValue<Content>(
  value: unknown,
  schema: StoredSchema<Content>,
): Checked<Content> {
  const { success, issues } = v.safeParse(schema, value, { abortEarly: true });
  // The value itself: what later versions have added to it stays.
  if (success) return { state: "read", content: value as Content };
  const [issue] = issues;
  const at = v.getDotPath(issue);
  if (at === null) return { state: "unusable", reason: "holds something else" };
  const what = issue.received === "undefined" ? "lacks" : "has something else in";
  return { state: "unusable", reason: `${what} \`${at}\`` };
}

/** The content, or undefined if there is none that can be used. */
export function storedContent<Content>(
  path: string,
  schema: StoredSchema<Content>,
): Content | undefined {
  const stored = readStoredJson(path, schema);
  return stored.state === "read" ? stored.content : undefined;
}

function unreadable(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === "EISDIR") return "is a folder";
  if (code === "EACCES" || code === "EPERM") return "may not be read by you";
  return `cannot be read (${error instanceof Error ? error.message : String(error)})`;
}
