import { canonicalDigest } from "../disk/canonical.ts";
import { readIfThere } from "../disk/read_if_there.ts";
import { fromFileUrl } from "../disk/file_path.ts";

/**
 * A digest of the texts of files and of every file that they name by a relative path: modules and
 * what they read. Coarser than a stage's code digest, as comments and unused code count, and much
 * quicker: for what is cheap to make again.
 */
export function sourceDigest(entries: readonly URL[]): string {
  const texts = new Map<string, string>();
  const open = [...entries];
  for (let url = open.pop(); url !== undefined; url = open.pop()) {
    if (texts.has(url.href)) continue;
    const text = readIfThere(fromFileUrl(url));
    if (text === undefined) continue; // it only looked like a path
    texts.set(url.href, text);
    for (const [, path] of text.matchAll(relativePath)) open.push(new URL(path!, url));
  }
  return canonicalDigest(["source", [...texts.values()].sort()]);
}

const relativePath = /["'`](\.{1,2}\/[\w./-]*\.\w+)["'`]/g;
