/** Who may import whom, and which words are kept to the few files that may use them. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../", import.meta.url));

const forNodes = ["stage", "complaint", "random_stream", "progress"].map((name) =>
  `pipeline/${name}.ts`
);
const forParts = ["pipeline/contract/complaint.ts", "pipeline/contract/random_stream.ts"];
const partFolders = ["data", "vision", "model", "objective", "metric"];
const parts = new RegExp(`^stages/(${partFolders.join("|")})/`);

/** The first rule whose pattern fits a file says what it may import. */
const rules: readonly { files: RegExp; may: (target: string, file: string) => boolean }[] = [
  {
    files: /^pipeline\/main\.ts$/,
    may: (target) => /^(pipeline|results)\//.test(target) || target === "stages/catalogue.ts",
  },
  { files: /^pipeline\//, may: (target) => target.startsWith("pipeline/") },
  { files: /^results\//, may: (target) => /^results\//.test(target) || forParts.includes(target) },
  {
    files: /^stages\/catalogue\.ts$/,
    may: (target) => /^stages\/\w+\.ts$/.test(target) || forNodes.includes(target),
  },
  {
    files: /^stages\/\w+\.ts$/,
    may: (target) => /^stages\/\w+\//.test(target) || forNodes.includes(target),
  },
  { files: parts, may: (target) => parts.test(target) || forParts.includes(target) },
  {
    files: /^stages\/(training|extraction)\//,
    may: (target) => /^stages\/\w+\//.test(target) || forNodes.includes(target),
  },
  {
    files: /^stages\/tensorflow\//,
    may: (target) =>
      target.startsWith("stages/tensorflow/") || forNodes.includes(target) ||
      target === "pipeline/fetch/package_fetch.ts" || target === "stages/model/keyed_random.ts" ||
      target === "stages/model/matrix_product.ts",
  },
];

/** Words that decide results behind the back of a signature, and the files that may use them. */
const banned: readonly { word: RegExp; except: RegExp }[] = [
  { word: /Math\.random/, except: /^$/ },
  { word: /Date\.now|new Date\(\)/, except: /^pipeline\/clock\.ts$/ },
  {
    word: /Deno\.env|process\.env/,
    except: /^(pipeline\/main\.ts|stages\/compute\.ts|stages\/tensorflow\/.*)$/,
  },
  { word: /Deno\.(dlopen|UnsafePointer)/, except: /^stages\/tensorflow\// },
];

const sources = ["pipeline", "stages", "results"].flatMap((folder) => typescriptIn(folder));

Deno.test("every import follows the rule of the house", () => {
  const broken = sources.flatMap(({ path, code }) => {
    const rule = rules.find(({ files }) => files.test(path));
    return importsOf(path, code)
      .filter((target) => rule === undefined || !rule.may(target, path))
      .map((target) => `${path} imports ${target}`);
  });
  assert.deepEqual(broken, []);
});

Deno.test("stages and results know no clock, no chance and no environment", () => {
  const broken = sources.flatMap(({ path, code }) =>
    banned
      .filter(({ word, except }) => word.test(code) && !except.test(path))
      .map(({ word }) => `${path} uses ${word.source}`)
  );
  assert.deepEqual(broken, []);
});

Deno.test("no file is a drawer for odds and ends", () => {
  const drawers = /\/(utils?|helpers?|common|types|index|misc)\.ts$/;
  assert.deepEqual(sources.filter(({ path }) => drawers.test(path)).map(({ path }) => path), []);
});

Deno.test("the readers of imports and words find what they look for", () => {
  const code = withoutComments(
    `import { a } from "./a.ts"; // from "./no.ts"\n` +
      `/* import "./no.ts" */ export * from "../b.ts"; const c = await import("./c.ts");\n` +
      `import "./d.ts"; new Worker(new URL("./e.ts", import.meta.url)); import x from "yaml";`,
  );
  assert.deepEqual(importsOf("pipeline/x.ts", code), [
    "pipeline/a.ts",
    "b.ts",
    "pipeline/c.ts",
    "pipeline/d.ts",
    "pipeline/e.ts",
  ]);
});

function typescriptIn(folder: string): { path: string; code: string }[] {
  return [...Deno.readDirSync(join(project, folder))].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return typescriptIn(path);
    if (!name.endsWith(".ts")) return [];
    return [{ path, code: withoutComments(Deno.readTextFileSync(join(project, path))) }];
  });
}

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

/** Local modules that a file names, as paths from the project. */
function importsOf(path: string, code: string): string[] {
  const named = code.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|new URL\(\s*)"(\.[^"]*\.ts)"/g);
  return [...named].map(([, target]) => join(dirname(path), target!));
}
