/** Reports of hundreds of runs, and of damaged files. */
import assert from "node:assert/strict";
import { reportCommand } from "../../../results/report/report_command.ts";
import { longTest } from "../../support/long_test.ts";
import {
  reportedExperiment,
  type ReportedOptions,
  storeReported,
} from "../../support/reported_results.ts";
import { changeArtifact, removeFromArtifact } from "../../support/resealed.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const small: ReportedOptions = { variants: ["none", "singular"], seeds: 1 };

async function report(root: string): Promise<{ page: string; whole: string; comment: string }> {
  const request = {
    experiment: reportedExperiment,
    set: [],
    commands: { task: "deno task", option: "" },
    out: `${root}/out`,
  };
  await reportCommand(root, request, { warn() {} });
  const read = (name: string) => Deno.readTextFileSync(`${root}/out/${name}`);
  return {
    page: read("report.html"),
    whole: read("report.md"),
    comment: read("report.comment.md"),
  };
}

Deno.test("a report shows pictures outside the store, but nothing beyond their folder", async () => {
  using folder = temporaryFolder();
  const { path } = folder;
  await storeReported(path, { ...small, imageId: (image) => `${"../".repeat(image)}${image}.png` });
  for (const place of pathsIn(path)) {
    if (place.endsWith("/scenes.jsonl")) Deno.removeSync(place);
    if (!/\/[01]\.png$/.test(place)) continue;
    Deno.mkdirSync(`${path}/photos/in`, { recursive: true });
    // The id of picture 1 leads out of the folder, next to it.
    Deno.copyFileSync(
      place,
      place.endsWith("0.png") ? `${path}/photos/in/0.png` : `${path}/photos/1.png`,
    );
  }
  const request = {
    experiment: reportedExperiment,
    set: [],
    commands: { task: "deno task", option: "" },
    out: `${path}/out`,
  };
  const requested: unknown[] = [];
  const pictures = (file: string, set: readonly string[]) => {
    requested.push(file, set);
    return { features: `${path}/photos/in` };
  };
  await reportCommand(path, { ...request, pictures }, { warn() {} });
  // For an experiment given by name, the file is the one that was run.
  assert.deepEqual(requested, ["experiments/reported.yaml", []]);
  const page = Deno.readTextFileSync(`${path}/out/report.html`);
  const shown = [...page.matchAll(/<img src="data:[^"]*" alt="([^"]*)"/g)].map(([, alt]) => alt);
  assert.deepEqual([...new Set(shown)], ["0.png"]);
});

const bytes = (text: string) => new TextEncoder().encode(text).length;

Deno.test("a report of 200 runs stays within the limits of pages, summaries and comments", async () => {
  using folder = temporaryFolder();
  await storeReported(folder.path, {
    variants: Array.from({ length: 33 }, (_, place) => `variant ${place}`),
    seeds: 2,
    images: 50,
    steps: 200,
    caption: (image) => `a caption of ${image} that says a little more, and more again`,
  });
  const { page, whole, comment } = await report(folder.path);
  assert.match(whole, /\*\*200 of 200 runs are complete\*\*/);
  assert.ok(bytes(page) < 5_000_000, `${bytes(page)} bytes`);
  assert.ok(bytes(whole) < 1024 * 1024);
  assert.ok(bytes(comment) < 65_536);
});

longTest(
  "a comment about very many variants is shortened and says so; the page is not",
  async () => {
    using folder = temporaryFolder();
    await storeReported(folder.path, {
      variants: Array.from({ length: 400 }, (_, place) => `variant ${place} ${"x".repeat(60)}`),
      seeds: 1,
      images: 2,
      steps: 2,
      pictures: false,
    });
    const { page, whole, comment } = await report(folder.path);
    assert.ok(bytes(comment) < 65_536, `${bytes(comment)} bytes`);
    assert.match(comment, /_Shortened to fit; omitted: /);
    assert.match(comment, /variant 1 x/);
    assert.match(whole, /variant 399 x/);
    assert.ok(bytes(page) < 5_000_000, `${bytes(page)} bytes`);
  },
);

Deno.test("a page has attentions of long captions as far as they fit", async () => {
  using folder = temporaryFolder();
  const caption = Array.from({ length: 300 }, (_, place) => `word${place}`).join(" ");
  await storeReported(folder.path, { ...small, images: 4, caption: () => caption });
  const { page } = await report(folder.path);
  assert.ok(bytes(page) < 5_000_000, `${bytes(page)} bytes`);
  const [, data] = /id="attention-data">([^<]*)</.exec(page)!;
  const { variants } = JSON.parse(data!);
  assert.equal(variants.length, 1);
  assert.deepEqual(variants[0].pairs[0].layers.map(({ layer }: { layer: number }) => layer), [1]);
  assert.match(page, /The attentions of singular do not fit on\s+this page/);
});

const damages: [string, (root: string) => void][] = [
  ["no captions", (root) => remove(root, "captions.jsonl")],
  ["no list of pictures", (root) => remove(root, "scenes.jsonl")],
  ["files that are not pictures", (root) => {
    for (const path of pathsIn(root)) if (path.endsWith(".png")) Deno.writeTextFileSync(path, "x");
  }],
  [
    "a picture outside its folder",
    (root) =>
      change(
        root,
        "scenes.jsonl",
        () =>
          `{"id":"test_0","file":"../../../../../etc/passwd"}\n{"id":"test_1","file":"/etc/passwd"}\n`,
      ),
  ],
  ["attentions that are not JSON", (root) => change(root, "attention_samples.jsonl", () => "{")],
  [
    "attentions of another shape",
    (root) =>
      change(
        root,
        "attention_samples.jsonl",
        (text) => text.replaceAll(`"words":[`, `"words":[{},`) + `{"layers":[]}\n`,
      ),
  ],
  [
    "ranks without a list",
    (root) =>
      change(
        root,
        "query_rank.jsonl",
        (text) => text.replaceAll(/"top_ids":"[^}]*?\]"/g, `"top_ids":"{}"`),
      ),
  ],
  ["no numbers at all", (root) => {
    for (const name of ["metric", "query_rank", "training_step", "relation_distance"]) {
      remove(root, `${name}.jsonl`);
    }
  }],
  ["values that are not finite", (root) => {
    change(root, "metric.jsonl", (text) => text.replaceAll(/"value":[\d.]+/g, `"value":"NaN"`));
    change(
      root,
      "training_step.jsonl",
      (text) => text.replaceAll(/"loss":[\d.]+/g, `"loss":"Infinity"`),
    );
  }],
];

for (const [what, damage] of damages) {
  Deno.test(`a report is written with ${what}`, async () => {
    using folder = temporaryFolder();
    await storeReported(folder.path, small);
    damage(folder.path);
    const { page, whole } = await report(folder.path);
    assert.match(page, /<\/html>\s*$/);
    assert.match(whole, /8 of 8 runs are complete/);
    const text = page.replace(/<script>[^]*?<\/script>/g, "").replace(/data:image[^"]*/g, "");
    assert.ok(!/undefined|\[object|NaN/.test(text + whole));
  });
}

function pathsIn(root: string): string[] {
  return [...Deno.readDirSync(root)].flatMap(({ name, isDirectory }) =>
    isDirectory ? pathsIn(`${root}/${name}`) : [`${root}/${name}`]
  );
}

function change(root: string, name: string, to: (text: string) => string): void {
  const paths = pathsIn(root).filter((path) => path.endsWith(`/${name}`));
  assert.ok(paths.length > 0, `no ${name}`);
  for (const path of paths) {
    const [folder, within] = inArtifact(path);
    changeArtifact(folder, within, to);
  }
}

/** The folder of a complete result, and the path of a file within its artifact. */
function inArtifact(path: string): [string, string] {
  const [folder, within] = path.split("/artifact/");
  return [folder!, within!];
}

function remove(root: string, name: string): void {
  for (const path of pathsIn(root)) {
    if (path.endsWith(`/${name}`)) removeFromArtifact(...inArtifact(path));
  }
}
