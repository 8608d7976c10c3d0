/**
 * Checks that a fetched package has the content that was published. Digests of its files are kept
 * next to it, and a file is read again when its size, time or inode differs.
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { canonicalDigest } from "../disk/canonical.ts";
import { fileLooks } from "../disk/file_state.ts";
import { readIfThere } from "../disk/read_if_there.ts";
import type { PinnedPackage } from "../contract/pinned_package.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

export type PackageState =
  | { readonly type: "intact" }
  | { readonly type: "absent" }
  | { readonly type: "damaged"; readonly reason: string };

/** Path in the package -> digest, and the state of the file when it was read. */
type Digests = Readonly<Record<string, { readonly state: string; readonly sha256: string }>>;

/** @param folder where the package was put */
export async function packageState(
  { content }: Pick<PinnedPackage, "content">,
  folder: string,
): Promise<PackageState> {
  const paths = filesBelow(folder);
  if (paths === undefined) return { type: "absent" };
  const before = keptDigests(fileOf(folder));
  const now = await digestsOf(
    Object.fromEntries(paths.map((path) => [path, `${folder}/${path}`])),
    before,
  );
  if (contentDigest(now) !== content) {
    return { type: "damaged", reason: difference(before, now) };
  }
  keepDigests(fileOf(folder), now);
  return { type: "intact" };
}

/**
 * The content digest of files that were not fetched.
 *
 * @param files path in the package -> where the file is
 * @param kept file that keeps the digests of these files
 */
export async function foundContent(
  files: Readonly<Record<string, string>>,
  kept: string,
): Promise<string> {
  const digests = await digestsOf(files, keptDigests(kept));
  keepDigests(kept, digests);
  return contentDigest(digests);
}

/** The digest that a pinned package states as its `content`: of the paths and contents of all files. */
export function contentDigest(files: Readonly<Record<string, { sha256: string }>>): string {
  const digests = Object.entries(files).map(([path, { sha256 }]) => [path, sha256]);
  return canonicalDigest(["package", digests.sort(([a], [b]) => a! < b! ? -1 : 1)]);
}

async function digestsOf(
  files: Readonly<Record<string, string>>,
  before: Digests,
): Promise<Digests> {
  const look = fileLooks();
  const digests: Record<string, { state: string; sha256: string }> = {};
  for (const [path, file] of Object.entries(files)) {
    const { state, settled } = look(file);
    const known = before[path];
    digests[path] = known !== undefined && known.state === state ? known : {
      // Without a state it is read again: it may still change unnoticed.
      state: settled ? state : "",
      sha256: await digestOf(file),
    };
  }
  return digests;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const chunk = new Uint8Array(1 << 20);
  for (let read = await file.read(chunk); read !== null; read = await file.read(chunk)) {
    hash.update(chunk.subarray(0, read));
  }
  return hash.digest("hex");
}

/** The first difference between what was intact once and what is there now. */
function difference(before: Digests, now: Digests): string {
  const known = Object.keys(before).sort();
  const gone = known.find((path) => now[path] === undefined);
  if (gone !== undefined) return `${gone} is missing`;
  const changed = known.find((path) => now[path]!.sha256 !== before[path]!.sha256);
  if (changed !== undefined) return `the content of ${changed} changed`;
  return Object.keys(now).length === 0 ? "it is empty" : "it is not what was published";
}

function fileOf(folder: string): string {
  return `${folder}.digests.json`;
}

function keptDigests(file: string): Digests {
  try {
    const kept: unknown = JSON.parse(readIfThere(file) ?? "{}");
    return isDigests(kept) ? kept : {};
  } catch {
    return {};
  }
}

function isDigests(value: unknown): value is Digests {
  return typeof value === "object" && value !== null &&
    Object.values(value).every((each) =>
      typeof each?.state === "string" && typeof each.sha256 === "string"
    );
}

/** A cache that may not be written has to be read again each time. */
function keepDigests(file: string, digests: Digests): void {
  const text = JSON.stringify(digests);
  try {
    if (readIfThere(file) === text) return;
    Deno.mkdirSync(dirname(file), { recursive: true });
    writeAtomically(file, text);
  } catch {
    // They save time only.
  }
}

/** Files that are not hidden, as some systems add such; undefined if there is no folder. */
function filesBelow(folder: string, prefix = ""): string[] | undefined {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return entries.filter(({ name }) => !name.startsWith(".")).flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}/${name}`, `${prefix}${name}/`) ?? [] : [prefix + name]
  );
}
