/**
 * The modules that a stage's code consists of: its file and everything it imports, statically or
 * not, each reduced to the exports that are used.
 */
import {
  type Esbuild,
  type ModuleReader,
  shakeModule,
  type ShakenModule,
  type UsedExports,
} from "./shaken_module.ts";
import { canonicalDigest } from "../disk/canonical.ts";

export interface ModuleGraph {
  /** Path of the stage's file, from the project's root. */
  readonly entry: string;
  /** Path -> module; in the order in which they were found. */
  readonly modules: ReadonlyMap<string, ShakenModule>;
}

/** Modules that were reduced before, by path and used exports: stages share most of their code. */
export type ShakenCache = Map<string, Promise<ShakenModule>>;

/** @throws Complaint with the place of code that cannot be read */
export async function moduleGraph(
  esbuild: Esbuild,
  entry: string,
  reader: ModuleReader,
  cache: ShakenCache = new Map(),
): Promise<ModuleGraph> {
  const used = new Map<string, Set<string> | "all">([[entry, "all"]]);
  const modules = new Map<string, ShakenModule>();
  const shake = (path: string, exports: UsedExports) => {
    const key = JSON.stringify([path, exports === "all" ? exports : [...exports].sort()]);
    const known = cache.get(key) ?? shakeModule(esbuild, path, exports, reader);
    cache.set(key, known);
    return known;
  };
  // Modules whose used exports have grown are reduced again, until none grows any more.
  let waiting = new Set([entry]);
  while (waiting.size > 0) {
    const round = [...waiting];
    waiting = new Set();
    const shaken = await Promise.all(round.map((path) => shake(path, used.get(path)!)));
    for (const [index, path] of round.entries()) {
      modules.set(path, shaken[index]!);
      for (const [target, name] of importsOf(shaken[index]!)) {
        if (addUse(used, target, name)) waiting.add(target);
      }
    }
  }
  return { entry, modules };
}

/** Local modules that a module imports, each with the name it uses: `*` for all, none for effects. */
function importsOf({ bindings, effects, dynamic }: ShakenModule): [string, string | undefined][] {
  return [
    ...bindings.flatMap(({ from, imported }): [string, string][] =>
      from.kind === "module" ? [[from.path, imported]] : []
    ),
    ...effects.flatMap((from): [string, undefined][] =>
      from.kind === "module" ? [[from.path, undefined]] : []
    ),
    ...dynamic.map((path): [string, string] => [path, "*"]),
  ];
}

/** @returns whether the module must be reduced again */
function addUse(
  used: Map<string, Set<string> | "all">,
  path: string,
  name: string | undefined,
): boolean {
  const before = used.get(path);
  if (before === undefined) {
    used.set(path, name === "*" ? "all" : new Set(name === undefined ? [] : [name]));
    return true;
  }
  if (before === "all" || name === undefined) return false;
  if (name === "*") {
    used.set(path, "all");
    return true;
  }
  if (before.has(name)) return false;
  before.add(name);
  return true;
}

/**
 * A digest of what the code says. A module's digest is that of its text, of each imported name with
 * the digest of the module it comes from, and of the modules it imports for their side effects.
 * Paths, file names and the order of import statements are not part of it.
 *
 * With circular imports a module's digest would need itself. So digests are computed in rounds: in
 * the first, of the texts alone; in each further one, with the previous round's digests of the
 * imported modules. Without a circle nothing changes after as many rounds as the imports are deep;
 * with one, the rounds end after as many as there are modules.
 */
export function graphDigest({ entry, modules }: ModuleGraph): string {
  const silent = withoutEffects(modules);
  let digests = new Map([...modules.keys()].map((path) => [path, ""]));
  for (let round = 0; round <= modules.size; round++) {
    const next = new Map([...modules].map(([path, module]) => [
      path,
      moduleDigest(module, digests, silent),
    ]));
    const stable = [...next].every(([path, digest]) => digests.get(path) === digest);
    digests = next;
    if (stable) break;
  }
  return digests.get(entry)!;
}

function moduleDigest(
  { text, bindings, effects, dynamic }: ShakenModule,
  digests: ReadonlyMap<string, string>,
  silent: ReadonlySet<string>,
): string {
  const bound = bindings.map(({ kind, local, imported, from }) => [
    kind,
    local,
    imported,
    from.kind,
    from.kind === "module" ? digests.get(from.path)! : from.specifier,
  ]);
  const affecting = effects.flatMap((from) =>
    from.kind === "package"
      ? [`package ${from.specifier}`]
      : silent.has(from.path)
      ? []
      : [digests.get(from.path)!]
  );
  return canonicalDigest([
    "module",
    text,
    bound.sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1),
    [...new Set(affecting)].sort(),
    dynamic.map((path) => digests.get(path)!),
  ]);
}

/**
 * Modules whose evaluation does nothing, or that are part of the digest by a name that is used: an
 * import of them without a name adds nothing.
 */
function withoutEffects(modules: ReadonlyMap<string, ShakenModule>): Set<string> {
  const named = new Set(
    [...modules.values()].flatMap((module) =>
      importsOf(module).flatMap(([path, name]) => name === undefined ? [] : [path])
    ),
  );
  const silent = new Set(modules.keys());
  for (let before = -1; before !== silent.size;) {
    before = silent.size;
    for (const [path, { text, effects }] of modules) {
      if (named.has(path)) continue;
      const loud = text.trim() !== "" ||
        effects.some((from) => from.kind === "package" || !silent.has(from.path));
      if (loud) silent.delete(path);
    }
  }
  return silent;
}
