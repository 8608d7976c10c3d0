/**
 * The house: which rooms there are, what each may import, that no imports run in a circle, that
 * tests mirror the rooms, and which words are kept to the few files that may use them.
 * docs/map.md says what each room holds.
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../", import.meta.url));

/**
 * Room or file -> the rooms and files that it may import, besides itself. A room covers its folders
 * unless they are listed; the longest entry that fits a path counts.
 */
const rooms: Readonly<Record<string, readonly string[]>> = {
  "pipeline/contract": [],
  "pipeline/disk": ["pipeline/contract"],
  "pipeline/terminal": ["pipeline/contract"],
  "pipeline/fetch": ["pipeline/contract", "pipeline/disk"],
  "pipeline/experiment": ["pipeline/contract", "pipeline/disk"],
  "pipeline/key": ["pipeline/contract", "pipeline/disk", "pipeline/experiment"],
  "pipeline/store": ["pipeline/contract", "pipeline/disk", "pipeline/key"],
  "pipeline/plan": [
    ...["contract", "disk", "experiment", "key", "store"].map((room) => `pipeline/${room}`),
  ],
  "pipeline/workers": ["contract", "disk", "key", "store"].map((room) => `pipeline/${room}`),
  "pipeline/explain": ["contract", "disk", "experiment", "key", "store", "plan", "terminal"]
    .map((room) => `pipeline/${room}`),
  "pipeline/run": [
    ...["contract", "disk", "terminal", "fetch", "experiment", "key", "store", "plan", "workers"]
      .map((room) => `pipeline/${room}`),
  ],
  "pipeline/commands": ["pipeline", "results"],
  "pipeline/main.ts": ["pipeline/commands", "pipeline/contract", "stages/catalogue.ts"],

  "results/statistics": ["pipeline/contract"],
  "results/text": ["pipeline/contract", "pipeline/terminal"],
  // Of the store: the types of what it keeps, and the reader of its requests.
  "results/database": ["pipeline/contract", "pipeline/disk", "pipeline/store"],
  "results/queries": [
    ...["pipeline/contract", "pipeline/terminal"],
    ...["results/database", "results/text"],
  ],
  "results/findings": [
    ...["pipeline/contract", "pipeline/terminal"],
    ...["database", "queries", "statistics", "text"].map((room) => `results/${room}`),
  ],
  "results/report/markdown": [
    ...["pipeline/contract"],
    ...["database", "queries", "text", "findings"].map((room) => `results/${room}`),
  ],
  "results/report/page": [
    ...["pipeline/contract"],
    ...["database", "queries", "text", "findings"].map((room) => `results/${room}`),
  ],
  "results/report": ["pipeline/contract", "results"],
  "results/watch": [
    ...["pipeline/contract"],
    ...["database", "queries", "text", "findings", "report/page"].map((room) => `results/${room}`),
  ],
  "results/tensorboard": [
    ...["pipeline/contract", "pipeline/disk"],
    ...["database", "queries", "text"].map((room) => `results/${room}`),
  ],
  "results/export": [
    ...["pipeline/contract", "pipeline/disk", "pipeline/terminal"],
    ...["database", "queries", "text"].map((room) => `results/${room}`),
  ],

  "stages/metric": ["pipeline/contract"],
  "stages/data": ["pipeline/contract", "stages/metric"],
  "stages/vision": ["pipeline/contract", "stages/data"],
  "stages/model": ["pipeline/contract"],
  "stages/model/checkpoint": ["pipeline/contract", "stages/data/formats", "stages/model"],
  "stages/objective": ["pipeline/contract", "stages/model"],
  "stages/tensorflow": [
    ...["pipeline/contract", "pipeline/fetch"],
    ...["keyed_random", "matrix_product", "widened_halves"].map((name) =>
      `stages/model/${name}.ts`
    ),
  ],
  "stages/batch": ["pipeline/contract", "stages/data", "stages/model", "stages/tensorflow"],
  "stages/extraction": [
    ...["pipeline/contract"],
    ...["data", "vision", "model", "tensorflow"].map((room) => `stages/${room}`),
  ],
  "stages/score": [
    ...["pipeline/contract"],
    ...["data", "batch", "metric", "model", "tensorflow"].map((room) => `stages/${room}`),
  ],
  "stages/train": [
    ...["pipeline/contract"],
    ...["data", "batch", "score", "model", "objective", "tensorflow"]
      .map((room) => `stages/${room}`),
  ],
  "stages/evaluate": [
    ...["pipeline/contract"],
    ...["data", "batch", "score", "metric", "model", "tensorflow"].map((room) => `stages/${room}`),
  ],
  "stages/analyse": [
    ...["pipeline/contract"],
    ...["data", "batch", "metric", "model", "objective", "tensorflow"]
      .map((room) => `stages/${room}`),
  ],
  "stages/estimate": [
    ...["pipeline/contract"],
    ...["data", "vision", "extraction", "batch", "score", "train", "model", "tensorflow"]
      .map((room) => `stages/${room}`),
  ],
  // The definitions of stages, and the tables of all of them.
  "stages/catalogue.ts": ["pipeline/contract", "stages"],
  "stages": ["pipeline/contract", "stages"],
};

/**
 * Words that decide results behind the back of a signature, and readers that silently replace letters, with the
 * files that may use them. Text from outside is read by `pipeline/contract/text_file.ts`; artifacts are our own.
 */
const banned: readonly { word: RegExp; except: RegExp }[] = [
  { word: /Math\.random/, except: /^$/ },
  { word: /Date\.now|new Date\(\)/, except: /^pipeline\/contract\/clock\.ts$/ },
  {
    word: /Deno\.env|process\.env/,
    except:
      /^(pipeline\/commands\/.*|pipeline\/main\.ts|stages\/compute\.ts|stages\/tensorflow\/.*)$/,
  },
  { word: /Deno\.(dlopen|UnsafePointer)/, except: /^stages\/tensorflow\// },
  {
    word: /readTextFile/,
    except: new RegExp(
      `^(pipeline/(?!experiment/).*|results/.*|stages/(${
        [
          "analyse/caption_annotations",
          "data/formats/json_lines",
          "data/(score_files|word_pieces)",
          "evaluate/search",
          "model/checkpoint/model_artifact",
          "tensorflow/library/(compiled_folder|cuda_build|xla_flags)",
          "vision/detector/onnx_runtime",
        ].join("|")
      })\\.ts)$`,
    ),
  },
];

interface Source {
  readonly path: string;
  readonly text: string;
  readonly code: string;
}

const sources: readonly Source[] = ["pipeline", "stages", "results"].flatMap((folder) =>
  typescriptIn(folder)
);

Deno.test("every import stays within what its room may import", () => {
  const broken = sources.flatMap(({ path, code }) => {
    const room = roomOf(path);
    if (room === undefined) return [`${path} is in no room`];
    return importsOf(path, code)
      .filter((target) =>
        !(roomOf(target) === room || rooms[room]!.some((may) => isIn(target, may)))
      )
      .map((target) => `${path} imports ${target}`);
  });
  assert.deepEqual(broken, []);
});

Deno.test("the entries of the table of rooms exist, and each has imports or is imported", () => {
  const known = new Set(sources.map(({ path }) => path));
  const named = [...Object.keys(rooms), ...Object.values(rooms).flat()];
  const gone = named.filter((room) => ![...known].some((path) => isIn(path, room)));
  assert.deepEqual([...new Set(gone)], []);
});

Deno.test("no imports run in a circle", () => {
  const targets = new Map(sources.map(({ path, code }) => [path, importsOf(path, code)]));
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, above: readonly string[]) => {
    if (above.includes(path)) {
      circles.push([...above.slice(above.indexOf(path)), path].join(" -> "));
    }
    if (done.has(path)) return;
    done.add(path);
    for (const target of targets.get(path) ?? []) visit(target, [...above, path]);
  };
  for (const path of targets.keys()) visit(path, []);
  assert.deepEqual(circles, []);
});

Deno.test("tests mirror the rooms", () => {
  const folders = new Set(sources.map(({ path }) => dirname(path)));
  const misplaced = testsIn("tests")
    .filter((path) => /^tests\/(pipeline|results|stages)\//.test(path))
    .filter((path) => !folders.has(dirname(path).slice("tests/".length)));
  assert.deepEqual(misplaced, []);
});

Deno.test("docs/map.md lists every room and nothing else", () => {
  const listed = Deno.readTextFileSync(join(project, "docs/map.md"))
    .matchAll(/^\| `((?:pipeline|results|stages)[\w./]*)`/gm);
  const folders = new Set(
    sources.map(({ path }) => dirname(path)).filter((folder) => folder.includes("/")),
  );
  assert.deepEqual([...listed].map(([, room]) => room).sort(), [...folders].sort());
});

Deno.test("a file over 300 lines says why in its first comment: `Over 300 lines: …`", () => {
  const long = sources
    .filter(({ text }) => text.split("\n").length > 301)
    .filter(({ text }) => !text.split("*/")[0]!.includes("Over 300 lines: "))
    .map(({ path }) => path);
  assert.deepEqual(long, []);
  const main = sources.find(({ path }) => path === "pipeline/main.ts")!;
  assert.ok(main.text.split("\n").length <= 100, "pipeline/main.ts reads a command and runs it");
});

Deno.test("stages and results use no clock, no chance and no environment", () => {
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
  assert.equal(roomOf("results/report/page/html.ts"), "results/report/page");
  assert.equal(roomOf("pipeline/contractor.ts"), undefined);
  assert.equal(isIn("stages/models/x.ts", "stages/model"), false);
});

function isIn(path: string, room: string): boolean {
  return path === room || path.startsWith(`${room}/`);
}

function roomOf(path: string): string | undefined {
  return Object.keys(rooms).filter((room) => isIn(path, room))
    .sort((a, b) => b.length - a.length)[0];
}

function typescriptIn(folder: string): Source[] {
  return [...Deno.readDirSync(join(project, folder))].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return name === "store" && folder === "results" ? [] : typescriptIn(path);
    if (!name.endsWith(".ts")) return [];
    const text = Deno.readTextFileSync(join(project, path));
    return [{ path, text, code: withoutComments(text) }];
  });
}

function testsIn(folder: string): string[] {
  return [...Deno.readDirSync(join(project, folder))].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? testsIn(path) : name.endsWith("_test.ts") ? [path] : [];
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
