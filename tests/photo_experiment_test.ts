/** experiments/flickr8k.yaml and docs/photos.md, on real photos where there are any, else on made-up ones. */
import assert from "node:assert/strict";
import { miniLm } from "../stages/model/checkpoint/pretrained_packages.ts";
import { efficientnetLite0 } from "../stages/vision/pretrained_packages.ts";
import { denoTask, projectFolder } from "./support/command.ts";
import { fetchedPackage } from "./support/fetched_package.ts";
import { longTest } from "./support/long_test.ts";
import { madePhotos } from "./support/made_photos.ts";
import { samplePhotos } from "./support/sample_photos.ts";
import { temporaryFolder } from "./support/temporary_folder.ts";

const experiment = "experiments/flickr8k.yaml";
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

/** Sizes as small as possible; and no XLA, which would compile a program for each stage. */
const small = options([
  ...["features.test=8", "features.validation=8", "features.side=64", "features.views=[96]"],
  ...["branches.steps=3", "branches.pairs=8", "branches.seed=[1, 2]"],
  ...withoutXla(["features", "linear", "linear_views", "branches", "recall"]),
]);

/** Likewise for the stages that docs/photos.md adds with many more photos. */
const smallAdded = options([
  ...["weights.steps=2", "weights.pairs=8", "tuned.steps=2", "tuned.pool=7", "tuned.anchors=2"],
  ...["tuned.alignment=[none, singular]", "branches.seed=1"],
  ...withoutXla(["weights", "tuned", "recall_tuned", "recall_cross", "relations"]),
]);

function options(assignments: readonly string[]): string[] {
  return assignments.flatMap((assignment) => ["--set", assignment]);
}

function withoutXla(stages: readonly string[]): string[] {
  return stages.map((stage) => `${stage}.xla=false`);
}

/** The experiment with the stages that docs/photos.md adds to it, as a file in a folder. */
function withAddedStages(folder: string): string {
  const page = Deno.readTextFileSync(`${projectFolder}/docs/photos.md`);
  const [, added] = /^## With many more photos$[^]*?^```yaml\nstages:\n([^]*?)^```/m.exec(page)!;
  const path = `${folder}/many.yaml`;
  const text = Deno.readTextFileSync(`${projectFolder}/${experiment}`);
  Deno.writeTextFileSync(path, text.replace(/^name: .*/m, "name: many") + added);
  return path;
}

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

const reportIn = (folder: string, name: string) =>
  Deno.readTextFileSync(`${folder}/results/reports/${name}/report.md`);

if (!ignore) {
  longTest(
    "the photo experiment runs from a folder of photos to its report, search and wrong queries",
    async () => {
      using folder = temporaryFolder();
      const task = await photoTask(folder.path);
      const ran = await task("run", experiment, ...small);
      assert.match(ran, /features: 40 photos \(24 train, 8 val, 8 test\)/);
      for (const stage of ["linear", "linear_views", "recall"]) {
        assert.match(ran, new RegExp(`^${stage} on test \\(percent`, "m"));
      }
      assert.match(await task("run", experiment, ...small), /nothing to run/);
      const baseline = [...small, "--only", "linear", "--only", "linear_views"];
      assert.match(await task("run", experiment, ...baseline), /nothing to run/);

      const found = await task("search", experiment, "two dogs", ...small, "--count", "3");
      assert.match(found, /^branches\[seed=1\], split test\n( +\d .*\n){3}page: /);
      const [photo] = Array.from(Deno.readDirSync(`${folder.path}/Images`), ({ name }) => name)
        .sort();
      const own = `${folder.path}/of my own`;
      Deno.copyFileSync(`${folder.path}/Images/${photo}`, own);
      const captions = await task("search", experiment, own, ...small, "--count", "2", "--json");
      const { answers } = JSON.parse(captions);
      assert.ok(answers.length === 2 && answers.every(({ text }: { text: string }) => text !== ""));

      const page = `${folder.path}/wrong.html`;
      const wrong = await task("wrong", experiment, ...small, "--page", page);
      assert.match(wrong, /^recall\[seed=1\], split test: the most wrong of \d+ queries\n/);
      assert.match(Deno.readTextFileSync(page), /data:image\/jpeg;base64,/);
      assert.match(await task("report", "flickr8k"), /wrote .*report\.html/);
      const report = reportIn(folder.path, "flickr8k");
      assert.match(
        report,
        /^## recall on test\n\npercent, mean ± standard deviation over 2 seeds/m,
      );
      assert.match(report, /^## linear on test\n\npercent, one seed\.$/m);
    },
  );

  longTest(
    "the stages that docs/photos.md adds for many more photos run on top of the experiment",
    async () => {
      using folder = temporaryFolder();
      const task = await photoTask(folder.path);
      const many = withAddedStages(folder.path);
      const ran = await task("run", many, ...small, ...smallAdded);
      for (const stage of ["recall", "recall_tuned", "recall_cross"]) {
        assert.match(ran, new RegExp(`^${stage} on test \\(percent`, "m"));
      }
      assert.match(await task("run", many, ...small, ...smallAdded), /nothing to run/);
      const tuned = [...small, ...smallAdded, "--only", "recall_tuned", "--count", "3"];
      const found = await task("search", many, "two dogs", ...tuned);
      assert.match(found, /^tuned\[.*alignment=none.*\], split test\n( +\d .*\n){3}page: /);
      assert.match(await task("report", "many"), /wrote .*report\.html/);
      const report = reportIn(folder.path, "many");
      assert.match(report, /^## recall_tuned on test\n\n[^\n]*; \* marks the baseline\.$/m);
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

/** A plan refuses splits that the photos cannot fill. */
const smallSplits = options(["features.test=1", "features.validation=1"]);

Deno.test("the stages that docs/photos.md adds continue every seed with every alignment", async () => {
  using folder = temporaryFolder();
  await madePhotos(folder.path, 66); // 64 to train: 63 negatives for each
  const { code, out, err } = await denoTask(
    [
      ...["run", withAddedStages(folder.path), ...smallSplits, "--plan"],
      ...["--results", `${folder.path}/results`],
    ],
    { FLICKR8K: folder.path },
  );
  assert.equal(code, 0, out + err);
  const counted = (stage: string) => out.match(new RegExp(`^run +${stage}\\[`, "gm"))?.length;
  assert.deepEqual(["branches", "weights", "tuned", "recall_tuned"].map(counted), [3, 3, 12, 12]);
});

Deno.test("every command of docs/photos.md is a task of the project, and every run can be planned", async () => {
  using folder = temporaryFolder();
  await madePhotos(folder.path, 4);
  const text = await Deno.readTextFile(`${projectFolder}/docs/photos.md`);
  const { tasks } = JSON.parse(await Deno.readTextFile(`${projectFolder}/deno.json`));
  const commands = [...text.matchAll(/^npx -y deno task (\w+) (\S+)(.*)/gm)];
  assert.ok(commands.length >= 6);
  for (const [, task, file, rest] of commands) {
    assert.ok(Object.hasOwn(tasks, task!), `${task} is no task`);
    assert.equal(file, experiment);
    if (task !== "run") continue;
    const set = rest!.split(" ").filter((word) => word !== "").map((word) =>
      word.replaceAll("'", "")
    );
    const { code, out, err } = await denoTask(
      ["run", experiment, ...set, ...smallSplits, "--plan", "--results", `${folder.path}/results`],
      { FLICKR8K: folder.path },
    );
    assert.equal(code, 0, out + err);
  }
});
