/** What the code of a stage now and the code that a run was made with differ in. */
import { type Bundle, bundleStage, type Esbuild } from "../key/code_bundle.ts";
import type { CodeRecord } from "../store/code_record.ts";
import { type SignificantText, significantText, wholeText } from "./significant_text.ts";
import { sourceLines } from "./source_map.ts";

export type CodeChange =
  | {
    readonly kind: "file";
    readonly file: string;
    /** The first line that differs, as it is now, from 1. */
    readonly line?: number;
    /** That line then and now. */
    readonly was?: string;
    readonly now?: string;
  }
  | { readonly kind: "new file"; readonly file: string }
  | { readonly kind: "file gone"; readonly file: string }
  | {
    readonly kind: "package";
    readonly name: string;
    readonly from: string | null;
    readonly to: string | null;
  }
  /** Nothing that a module says by itself: the order in which modules are loaded, or esbuild. */
  | { readonly kind: "order" };

/**
 * Comments, formatting, types and what is not used do not count: compared is what esbuild makes of
 * each module.
 */
export async function codeChanges(before: CodeRecord, after: CodeRecord): Promise<CodeChange[]> {
  const packages = packageChanges(before.versions, after.versions);
  const esbuild = await import("esbuild");
  try {
    const [old, now] = [await modulesOf(esbuild, before), await modulesOf(esbuild, after)];
    const inBoth = [...now.keys()].filter((file) => old.has(file));
    const differences = (by: "text" | "whole") =>
      inBoth.flatMap((file) => firstDifference(file, old.get(file)![by], now.get(file)![by]));
    const changes: CodeChange[] = [
      ...differences("text"),
      ...[...now.keys()].filter((file) => !old.has(file))
        .map((file) => ({ kind: "new file" as const, file })),
      ...[...old.keys()].filter((file) => !now.has(file))
        .map((file) => ({ kind: "file gone" as const, file })),
      ...packages,
    ];
    if (changes.length > 0) return changes;
    const finer = differences("whole");
    return finer.length > 0 ? finer : [{ kind: "order" }];
  } finally {
    await esbuild.stop();
  }
}

/** A module as it is part of the bundle: what decides, and everything. */
interface Module {
  readonly text: PlacedText;
  readonly whole: PlacedText;
}

interface PlacedText {
  readonly text: string;
  /** Line of the source, from 1, that a character of `text` came from. */
  lineAt(index: number): number | undefined;
  /** The source's lines. */
  readonly source: readonly string[];
}

async function modulesOf(
  esbuild: Esbuild,
  { stage, sources }: CodeRecord,
): Promise<Map<string, Module>> {
  const bundle = await bundleStage(esbuild, stage, { root: "/kept", sources, readable: true });
  const lineOf = sourceLines(bundle.map!);
  const modules = [...partsOf(bundle)].map(([file, lines]): [string, Module] => {
    const source = sources.get(file)!.split("\n");
    const code = lines.map(({ text }) => text).join("\n");
    const placed = ({ text, places }: SignificantText): PlacedText => ({
      text,
      source,
      lineAt(index) {
        const place = places[Math.min(index, places.length - 1)];
        return place === undefined ? undefined : lineOf(lines[place.line]!.number, place.column);
      },
    });
    return [file, { text: placed(significantText(code)), whole: placed(wholeText(code)) }];
  });
  return new Map(modules);
}

/** The lines of the bundle by the module they came from: each stands below a heading `// path`. */
function partsOf({ text, files }: Bundle): Map<string, { text: string; number: number }[]> {
  const parts = new Map<string, { text: string; number: number }[]>();
  const known = new Set(files);
  let part: { text: string; number: number }[] | undefined;
  for (const [number, line] of text.split("\n").entries()) {
    const file = line.startsWith("// ") ? line.slice(3) : "";
    if (known.has(file)) {
      part = parts.get(file) ?? [];
      parts.set(file, part);
    } else part?.push({ text: line, number });
  }
  return parts;
}

function firstDifference(file: string, before: PlacedText, after: PlacedText): CodeChange[] {
  if (before.text === after.text) return [];
  let index = 0;
  while (before.text[index] === after.text[index]) index++;
  const [old, line] = [before.lineAt(index), after.lineAt(index)];
  const was = old === undefined ? undefined : before.source[old - 1]?.trim();
  const now = line === undefined ? undefined : after.source[line - 1]?.trim();
  const known = was !== undefined && now !== undefined && was !== now;
  return [{ kind: "file", file, ...(line !== undefined && { line }), ...(known && { was, now }) }];
}

function packageChanges(before: readonly string[], after: readonly string[]): CodeChange[] {
  const gone = before.filter((one) => !after.includes(one)).map(parted);
  const come = after.filter((one) => !before.includes(one)).map(parted);
  return [...new Set([...gone, ...come].map(({ name }) => name))].map((name) => {
    const versions = (list: typeof gone) =>
      list.filter((one) => one.name === name).map(({ version }) => version).join(", ") || null;
    return { kind: "package", name, from: versions(gone), to: versions(come) };
  });
}

/** `@scope/name@1.2.3` in two. */
function parted(text: string): { name: string; version: string } {
  const at = text.lastIndexOf("@");
  return at <= 0 ? { name: text, version: "?" } : {
    name: text.slice(0, at),
    version: text.slice(at + 1),
  };
}
