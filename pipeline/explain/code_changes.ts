/** The differences between the current code of a stage and the code that a stored run was computed with. */
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { type ModuleGraph, moduleGraph } from "../key/module_graph.ts";
import type { Esbuild, ShakenModule } from "../key/shaken_module.ts";
import type { CodeRecord } from "../store/code_record.ts";

export type CodeChange =
  | {
    readonly kind: "file";
    readonly file: string;
    /** The first line that differs, as it is now, from 1. */
    readonly line?: number;
    /** That line before and now. */
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
  /** No module and no package differs: digests are computed by another rule, or by another esbuild. */
  | { readonly kind: "rule" };

/**
 * Compares the parts that determine the code digest, so comments, formatting, types, unused functions and
 * the paths of modules do not count.
 */
export async function codeChanges(before: CodeRecord, after: CodeRecord): Promise<CodeChange[]> {
  const esbuild = await import("esbuild");
  try {
    const [old, now] = [await placedModules(esbuild, before), await placedModules(esbuild, after)];
    const removed = [...old.keys()].filter((file) => !now.has(file));
    const added = [...now.keys()].filter((file) => !old.has(file));
    // A module that was only moved has the same text.
    const moved = (file: string, here: typeof old, there: typeof old, others: string[]) =>
      others.some((other) => there.get(other)!.text === here.get(file)!.text);
    const changes: CodeChange[] = [
      ...[...now].flatMap(([file, module]) =>
        old.has(file) ? firstDifference(file, old.get(file)!, module) : []
      ),
      ...added.filter((file) => !moved(file, now, old, removed))
        .map((file) => ({ kind: "new file" as const, file })),
      ...removed.filter((file) => !moved(file, old, now, added))
        .map((file) => ({ kind: "file gone" as const, file })),
      ...packageChanges(before.versions, after.versions),
    ];
    return changes.length > 0 ? changes : [{ kind: "rule" }];
  } finally {
    await esbuild.stop();
  }
}

interface PlacedModule {
  /** Reduced and minified, as in the code digest. */
  readonly text: string;
  /** The names that are imported, without the paths of modules. */
  readonly imports: string;
  /** Line of the source, from 1, that a character of `text` came from. */
  lineAt(index: number): number | undefined;
  /** The source's lines. */
  readonly source: readonly string[];
}

async function placedModules(
  esbuild: Esbuild,
  { stage, sources }: CodeRecord,
): Promise<Map<string, PlacedModule>> {
  // A record has no modules that only unused code imports; an empty text stands for them.
  const reader = { read: (path: string) => sources.get(path) ?? "", sourceMap: true };
  const { modules }: ModuleGraph = await moduleGraph(esbuild, stage, reader);
  return new Map(
    Array.from(modules, ([path, module]) => [path, placed(module, sources.get(path)!)]),
  );
}

function placed({ text, bindings, kept, map, code }: ShakenModule, source: string): PlacedModule {
  const trace = new TraceMap(map!);
  const imports = bindings
    .map(({ kind, local, imported, from }) =>
      [kind, local, imported, from.kind === "package" ? from.specifier : ""].join(" ")
    ).sort().join("\n");
  return {
    text,
    imports,
    source: source.split("\n"),
    lineAt(index) {
      let rest = index;
      const part = kept.find(({ start, end }) => {
        if (rest < end - start) return true;
        rest -= end - start;
        return false;
      });
      const before = code!.slice(0, part === undefined ? undefined : part.start + rest).split("\n");
      const line = before.length;
      return originalPositionFor(trace, { line, column: before.at(-1)!.length }).line ?? undefined;
    },
  };
}

function firstDifference(file: string, before: PlacedModule, after: PlacedModule): CodeChange[] {
  if (before.text === after.text) {
    return before.imports === after.imports ? [] : [{ kind: "file", file }];
  }
  let index = 0;
  while (before.text[index] === after.text[index]) index++;
  const [old, line] = [before.lineAt(index), after.lineAt(index)];
  const was = old === undefined ? undefined : before.source[old - 1]?.trim();
  const now = line === undefined ? undefined : after.source[line - 1]?.trim();
  const known = was !== undefined && now !== undefined && was !== now;
  return [{ kind: "file", file, ...(line !== undefined && { line }), ...(known && { was, now }) }];
}

function packageChanges(before: readonly string[], after: readonly string[]): CodeChange[] {
  const removed = before.filter((one) => !after.includes(one)).map(splitVersion);
  const added = after.filter((one) => !before.includes(one)).map(splitVersion);
  return [...new Set([...removed, ...added].map(({ name }) => name))].map((name) => {
    const versions = (list: typeof removed) =>
      list.filter((one) => one.name === name).map(({ version }) => version).join(", ") || null;
    return { kind: "package", name, from: versions(removed), to: versions(added) };
  });
}

/** `@scope/name@1.2.3` in two. */
function splitVersion(text: string): { name: string; version: string } {
  const at = text.lastIndexOf("@");
  return at <= 0 ? { name: text, version: "?" } : {
    name: text.slice(0, at),
    version: text.slice(at + 1),
  };
}
