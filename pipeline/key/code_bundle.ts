/** One stage's code in one text, as esbuild gives it: what the digest of code is taken of. */
import { dirname, join } from "node:path/posix";
import type { Plugin } from "esbuild";
import { Complaint } from "../contract/complaint.ts";

export type Esbuild = typeof import("esbuild");

export interface Bundle {
  /** Comments, formatting, types and what is not used are taken out. */
  readonly text: string;
  /** Specifiers of imported packages. */
  readonly packages: readonly string[];
  /** Local modules, as paths from the project's root. */
  readonly files: readonly string[];
  /** With `readable`: a source map, as JSON. */
  readonly map?: string;
}

export interface BundleOptions {
  /** Path of the project. */
  readonly root: string;
  /** Path -> text: instead of what is on the disk. */
  readonly sources?: ReadonlyMap<string, string>;
  /** With line breaks and a heading `// path` above each module, and with a source map. */
  readonly readable?: boolean;
}

/**
 * @param path of the stage's file, from the project's root
 * @throws Complaint with the place of what cannot be read
 */
export async function bundleStage(
  esbuild: Esbuild,
  path: string,
  { root, sources, readable = false }: BundleOptions,
): Promise<Bundle> {
  try {
    const { outputFiles, metafile } = await esbuild.build({
      entryPoints: [`./${path}`],
      absWorkingDir: root,
      outdir: `${root}/never-written`,
      bundle: true,
      write: false,
      metafile: true,
      packages: "external",
      platform: "neutral",
      format: "esm",
      charset: "utf8",
      minifyWhitespace: !readable,
      legalComments: "none",
      logLevel: "silent",
      tsconfigRaw: "{}",
      ...(readable && { sourcemap: "external" }),
      ...(sources !== undefined && { plugins: [keptSources(sources, root)] }),
    });
    const externals = Object.values(metafile.inputs)
      .flatMap(({ imports }) => imports.filter(({ external }) => external).map(({ path }) => path));
    const isMap = ({ path }: { path: string }) => path.endsWith(".map");
    const map = outputFiles.find(isMap)?.text;
    return {
      text: outputFiles.filter((file) => !isMap(file)).map(({ text }) => text).join("\n"),
      packages: [...new Set(externals)].sort(),
      files: Object.keys(metafile.inputs).sort(),
      ...(map !== undefined && { map }),
    };
  } catch (cause) {
    const first = (cause as { errors?: import("esbuild").Message[] }).errors?.[0];
    if (first === undefined) throw cause;
    const { file, line, column } = first.location ?? {};
    const place = { file: file ?? path, ...(line && { line, column: (column ?? 0) + 1 }) };
    throw new Complaint(`a stage's code cannot be read: ${first.text}`, "mend the code", {
      place,
      cause,
    });
  }
}

/** Local modules are those that were kept, wherever the project lies now. */
function keptSources(sources: ReadonlyMap<string, string>, root: string): Plugin {
  return {
    name: "kept sources",
    setup(build) {
      build.onResolve({ filter: /^\.{1,2}\// }, ({ path, importer, kind }) => {
        const folder = kind === "entry-point" ? root : dirname(importer.replaceAll("\\", "/"));
        return { path: join(folder, path) };
      });
      build.onResolve({ filter: /^[^.]/ }, ({ path }) => ({ path, external: true }));
      build.onLoad({ filter: /./ }, ({ path }) => {
        const name = path.replaceAll("\\", "/").slice(root.length + 1);
        const contents = sources.get(name);
        if (contents === undefined) return { errors: [{ text: `${name} was not kept` }] };
        return { contents, loader: name.endsWith(".json") ? "json" : "ts" };
      });
    },
  };
}
