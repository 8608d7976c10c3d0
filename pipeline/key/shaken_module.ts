/**
 * One module of a stage's code, reduced by esbuild to what can decide a result: types, comments,
 * formatting and exports that nobody uses are taken out. Its imports are returned apart from its
 * text, so that neither the paths of modules nor the order of import statements remain in the text.
 */
import { dirname, join } from "node:path/posix";
import type { Message, Plugin } from "esbuild";
import { Complaint } from "../contract/complaint.ts";

export type Esbuild = typeof import("esbuild");

/** Names of the exports that other modules use; `all` for a stage's own file. */
export type UsedExports = ReadonlySet<string> | "all";

/** Where an imported value comes from: a local module, by its path from the project's root, or a package. */
export type ImportSource =
  | { readonly kind: "module"; readonly path: string }
  | { readonly kind: "package"; readonly specifier: string };

/** A name that a module imports or re-exports. */
export interface Binding {
  readonly kind: "import" | "export";
  /** The name in this module; for an export, the exported name. */
  readonly local: string;
  /** The name in the source, `default`, or `*` for the whole namespace. */
  readonly imported: string;
  readonly from: ImportSource;
}

export interface ShakenModule {
  /** Minified code without its import statements. */
  readonly text: string;
  readonly bindings: readonly Binding[];
  /** Sources that are imported without a name: only their side effects can matter. */
  readonly effects: readonly ImportSource[];
  /** Paths of local modules imported by `import(…)`; `text` refers to them as `module:N`. */
  readonly dynamic: readonly string[];
  /** Specifiers of all imported packages, also of those that only unused exports need. */
  readonly packages: readonly string[];
  /** Parts of the generated code that became `text`. */
  readonly kept: readonly { readonly start: number; readonly end: number }[];
  /** With `sourceMap`: the generated code, and its source map as JSON. */
  readonly code?: string;
  readonly map?: string;
}

export interface ModuleReader {
  /** Text of a module by its path from the project's root; undefined if there is none. */
  read(path: string): string | undefined;
  readonly sourceMap?: boolean;
}

/**
 * @param path from the project's root
 * @throws Complaint with the place of code that cannot be parsed or of an import without a file
 */
export async function shakeModule(
  esbuild: Esbuild,
  path: string,
  used: UsedExports,
  reader: ModuleReader,
): Promise<ShakenModule> {
  const contents = reader.read(path);
  if (contents === undefined) {
    throw new Complaint(`there is no module ${path}`, "fix the import, or restore the file");
  }
  // A star export hides which names it passes on, so all of them count as used.
  const whole = used === "all" || /^\s*export\s*\*\s*from/m.test(contents);
  const entry = whole ? undefined : `export{${[...used].sort().join(",")}}from"module"`;
  try {
    const { outputFiles } = await esbuild.build({
      entryPoints: [entry === undefined ? "module" : "entry"],
      bundle: true,
      write: false,
      outdir: "/never-written",
      platform: "neutral",
      format: "esm",
      charset: "utf8",
      minifyWhitespace: true,
      legalComments: "none",
      logLevel: "silent",
      tsconfigRaw: "{}",
      ...(reader.sourceMap && { sourcemap: "external" }),
      plugins: [oneModule(path, { contents, entry, reader })],
    });
    const isMap = ({ path }: { path: string }) => path.endsWith(".map");
    const code = outputFiles.find((file) => !isMap(file))!.text;
    const map = outputFiles.find(isMap)?.text;
    return { ...withoutImports(code), ...(map !== undefined && { code, map }) };
  } catch (cause) {
    const first = (cause as { errors?: Message[] }).errors?.[0];
    if (first === undefined) throw cause;
    const { line, column } = first.location ?? {};
    throw new Complaint(`cannot read the code of a stage: ${first.text}`, "fix the code", {
      place: { file: path, ...(line && { line, column: (column ?? 0) + 1 }) },
      cause,
    });
  }
}

/** Marks imported modules in the code that esbuild writes: a control character no source text has. */
const mark = "\u0001";

/** Gives esbuild this module, under a name that says nothing, and leaves all its imports outside. */
function oneModule(
  path: string,
  { contents, entry, reader }: {
    contents: string;
    /** Imports what is used; undefined where the module itself is the entry. */
    entry: string | undefined;
    reader: ModuleReader;
  },
): Plugin {
  return {
    name: "one module",
    setup(build) {
      build.onResolve({ filter: /./ }, ({ path: specifier, kind, namespace }) => {
        if (kind === "entry-point") return { path: specifier, namespace: specifier };
        if (namespace === "entry") return { path: "module", namespace: "module" };
        if (!/^\.{1,2}\//.test(specifier)) return { path: mark + specifier, external: true };
        const target = join(dirname(path), specifier);
        if (reader.read(target) === undefined) {
          return { errors: [{ text: `there is no module ${target}` }] };
        }
        return { path: `${mark}./${target}`, external: true };
      });
      build.onLoad({ filter: /./, namespace: "entry" }, () => ({ contents: entry!, loader: "js" }));
      build.onLoad({ filter: /./, namespace: "module" }, () => ({
        contents,
        loader: path.endsWith(".json") ? "json" : /\.[mc]?jsx?$/.test(path) ? "js" : "ts",
      }));
    },
  };
}

const importStatement = new RegExp(
  String.raw`(?:import(?:([^"'();]*?)from)?|export(\{[^"'();]*?\}|\*(?:as [^"'();]*?)?)from)` +
    String.raw`"${mark}([^"\n]*)"(?: ?with ?\{[^}]*\})?;\n?`,
  "g",
);
const dynamicImport = new RegExp(`import\\("${mark}([^"]*)"`, "g");

function withoutImports(code: string): Omit<ShakenModule, "code" | "map"> {
  const bindings: Binding[] = [];
  const effects: ImportSource[] = [];
  const dynamic: string[] = [];
  const sources: ImportSource[] = [];
  const kept: { start: number; end: number }[] = [];
  let start = 0;
  for (
    const { 0: statement, 1: names, 2: exported, 3: target, index } of code.matchAll(
      importStatement,
    )
  ) {
    const from = sourceOf(target!);
    sources.push(from);
    if (names !== undefined) bindings.push(...importedNames(names, from));
    else if (exported !== undefined) bindings.push(...exportedNames(exported, from));
    else effects.push(from);
    if (index > start) kept.push({ start, end: index });
    start = index + statement.length;
  }
  if (start < code.length) kept.push({ start, end: code.length });
  const text = kept.map(({ start, end }) => code.slice(start, end)).join("")
    .replace(dynamicImport, (_, target: string) => {
      const from = sourceOf(target);
      sources.push(from);
      if (from.kind === "package") return `import("${target}"`;
      dynamic.push(from.path);
      return `import("module:${dynamic.length - 1}"`;
    });
  return {
    text,
    bindings: bindings.filter(({ kind, local }) => kind === "export" || mentions(text, local)),
    effects,
    dynamic,
    packages: sources.flatMap((one) => one.kind === "package" ? [one.specifier] : []),
    kept,
  };
}

/** Whether a name may stand for an imported value; property names after a dot do not. */
function mentions(code: string, name: string): boolean {
  const escaped = name.replaceAll("$", String.raw`\$`);
  return new RegExp(String.raw`(?<![\w$.])${escaped}(?![\w$])`).test(code) ||
    new RegExp(String.raw`\.\.\.${escaped}(?![\w$])`).test(code);
}

function sourceOf(target: string): ImportSource {
  return target.startsWith("./")
    ? { kind: "module", path: target.slice(2) }
    : { kind: "package", specifier: target };
}

/** `a,{b as c}`, `*as d`: what stands between `import` and `from`. */
function importedNames(names: string, from: ImportSource): Binding[] {
  const [, first = "", braces] = /^\s*([^{]*?),?\s*(?:\{([^}]*)\})?\s*$/.exec(names) ?? [];
  const named = (braces ?? "").split(",").filter((one) => one.trim() !== "").map((one) => {
    const [imported, local = imported] = one.trim().split(/\s+as\s+/);
    return { imported: imported!, local: local! };
  });
  const others = first.split(",").filter((one) => one.trim() !== "").map((one) => {
    const namespace = /^\s*\*\s*as\s+(\S+)\s*$/.exec(one)?.[1];
    return namespace === undefined
      ? { imported: "default", local: one.trim() }
      : { imported: "*", local: namespace };
  });
  return [...others, ...named].map((one) => ({ kind: "import", ...one, from }));
}

/** `{a as b}`, `*`, `*as c`: what stands between `export` and `from`. */
function exportedNames(exported: string, from: ImportSource): Binding[] {
  if (exported.startsWith("*")) {
    const local = /as\s+(\S+)/.exec(exported)?.[1] ?? "*";
    return [{ kind: "export", local, imported: "*", from }];
  }
  return exported.slice(1, -1).split(",").filter((one) => one.trim() !== "").map((one) => {
    const [imported, local = imported] = one.trim().split(/\s+as\s+/);
    return { kind: "export", local: local!, imported: imported!, from };
  });
}
