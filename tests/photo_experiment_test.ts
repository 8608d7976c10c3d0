/** experiments/flickr8k_iais.yaml and docs/photos.md, on real photos where there are any, else on made-up ones. */
import assert from "node:assert/strict";
import { miniLm } from "../stages/model/checkpoint/pretrained_packages.ts";
import { efficientnetLite0 } from "../stages/vision/pretrained_packages.ts";
import { denoTask, projectFolder } from "./support/command.ts";
import { fetchedPackage } from "./support/fetched_package.ts";
import { longTest } from "./support/long_test.ts";
import { madePhotos } from "./support/made_photos.ts";
import { samplePhotos } from "./support/sample_photos.ts";
import { temporaryFolder } from "./support/temporary_folder.ts";

const experiment = "experiments/flickr8k_iais.yaml";
const ignore = await fetchedPackage(miniLm) === undefined ||
  await fetchedPackage(efficientnetLite0) === undefined;

/** The first photos by name, with their captions; made-up ones where there are none. */
async function slice(folder: string, count: number): Promise<void> {
  const photos = samplePhotos();
  if (photos === undefined) return await madePhotos(folder, count);
  const [head, ...lines] = Deno.readTextFileSync(photos.captions).trimEnd().split("\n");
  const names = [...new Set(lines.map((line) => line.slice(0, line.indexOf(","))))].slice(0, count);
  Deno.mkdirSync(`${folder}/Images`);
  for (const name of names) {
    Deno.copyFileSync(`${photos.images}/${name}`, `${folder}/Images/${name}`);
  }
  const kept = lines.filter((line) => names.includes(line.slice(0, line.indexOf(","))));
  Deno.writeTextFileSync(`${folder}/captions.txt`, [head, ...kept, ""].join("\n"));
}

/** All of its stages, as small as possible; XLA would compile a program for each of them. */
const small = [
  ...["features.test=8", "features.validation=8", "features.side=64", "features.views=[96]"],
  "branches.steps=3",
  ...["branches.pairs=8", "weights.steps=2", "weights.pairs=8", "tuned.steps=2"],
  ...["tuned.pool=7", "tuned.anchors=2", "tuned.seed=1", "tuned.alignment=[none, singular]"],
  ...["features", "linear", "linear_views", "branches", "weights", "tuned", "recall"]
    .concat(["recall_cross", "recall_branches", "relations"])
    .map((stage) => `${stage}.xla=false`),
].flatMap((assignment) => ["--set", assignment]);

/** Runs a task on the experiment of 40 photos in a folder; it must end well. */
async function photoTask(folder: string): Promise<(...args: string[]) => Promise<string>> {
  await slice(folder, 40);
  return async (...args) => {
    const { code, out, err } = await denoTask([...args, "--results", `${folder}/results`], {
      FLICKR8K: folder,
    });
    assert.equal(code, 0, out + err);
    return out;
  };
}

const reportIn = (folder: string) =>
  Deno.readTextFileSync(`${folder}/results/reports/flickr8k_iais/report.md`);

if (!ignore) {
  longTest(
    "the photo experiment runs from a folder of photos to its report, search and wrong queries",
    async () => {
      using folder = temporaryFolder();
      const task = await photoTask(folder.path);
      const ran = await task("run", experiment, ...small);
      assert.match(ran, /features: 40 photos \(24 train, 8 val, 8 test\)/);
      for (const stage of ["linear", "linear_views", "recall", "recall_cross", "recall_branches"]) {
        assert.match(ran, new RegExp(`^${stage} on test \\(percent\\)`, "m"));
      }
      assert.match(await task("run", experiment, ...small), /nothing to run/);
      const baseline = [...small, "--only", "linear", "--only", "linear_views"];
      assert.match(await task("run", experiment, ...baseline), /nothing to run/);

      const found = await task("search", experiment, "two dogs", ...small, "--count", "3");
      assert.match(found, /^tuned\[alignment=none\], split test\n( +\d .*\n){3}page: /);
      const [photo] = Array.from(Deno.readDirSync(`${folder.path}/Images`), ({ name }) => name)
        .sort();
      const own = `${folder.path}/of my own`;
      Deno.copyFileSync(`${folder.path}/Images/${photo}`, own);
      const captions = await task("search", experiment, own, ...small, "--count", "2", "--json");
      const { answers } = JSON.parse(captions);
      assert.ok(answers.length === 2 && answers.every(({ text }: { text: string }) => text !== ""));

      const page = `${folder.path}/wrong.html`;
      const wrong = await task("wrong", experiment, ...small, "--page", page);
      assert.match(wrong, /^recall\[alignment=none\], split test: the most wrong of \d+ queries\n/);
      assert.match(Deno.readTextFileSync(page), /data:image\/jpeg;base64,/);
      assert.match(await task("report", experiment), /wrote .*report\.html/);
      const report = reportIn(folder.path);
      assert.match(report, /^## recall on test\n\n[^\n]*; \* marks the baseline\.$/m);
      assert.match(report, /^## linear on test\n\npercent, one seed\.$/m);
    },
  );
}

Deno.test("without photos the experiment says what it wants, and where", async () => {
  using folder = temporaryFolder();
  const away = { FLICKR8K: `${folder.path}/nowhere` };
  const { code, err } = await denoTask(
    ["run", experiment, "--results", `${folder.path}/results`],
    away,
  );
  assert.equal(code, 2);
  assert.match(
    err,
    /^error: 2 files outside the project are missing\n {2}stage `features` reads\n/,
  );
  assert.match(err, /nowhere\/captions\.txt\n +captions \(CSV: image,caption\)/);
});

Deno.test("every command of docs/photos.md is a task of the project", async () => {
  const text = await Deno.readTextFile(`${projectFolder}/docs/photos.md`);
  const { tasks } = JSON.parse(await Deno.readTextFile(`${projectFolder}/deno.json`));
  const commands = [...text.matchAll(/^npx -y deno task (\w+) (\S+)/gm)];
  assert.ok(commands.length >= 6);
  for (const [, task, file] of commands) {
    assert.ok(Object.hasOwn(tasks, task!), `${task} is no task`);
    assert.equal(file, experiment);
  }
});
