/** The paper's experiments: what they say without their data, and from end to end on the small set. */
import assert from "node:assert/strict";
import { denoTask, projectFolder } from "./support/command.ts";
import { longTest } from "./support/long_test.ts";
import { temporaryFolder } from "./support/temporary_folder.ts";

const docs = await Deno.readTextFile(`${projectFolder}/docs/published_data.md`);

/** Commands of a page, each as its words; lines that end with a backslash go on. */
function commandsOf(page: string): string[][] {
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((match) => match[1]!);
  return blocks.join("").replaceAll("\\\n", " ").split("\n").filter((line) => line.trim() !== "")
    .map((line) =>
      [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)
    );
}

const alignments = ["none", "singular", "distributed", "sparse", "congruence"];

Deno.test("without its data, the experiment says in one error what it wants, how large it is and where it comes from", async () => {
  using empty = temporaryFolder();
  const { code, out, err } = await denoTask(
    ["run", "experiments/flickr_iais.yaml", "--results", `${empty.path}/results`],
    { IAIS_DATA: `${empty.path}/data` },
  );
  assert.equal(code, 2);
  assert.equal(out, "");
  const at = `${empty.path}/data`;
  assert.equal(err.match(/^error: /gm)?.length, 1);
  for (
    const [path, what] of [
      ["txt_db/itm_flickr30k_train.db", "captions of split train (LMDB); under 200 MB; https://"],
      ["txt_db/itm_flickr30k_val.db", "captions of split val (LMDB); under 200 MB; https://"],
      ["txt_db/itm_flickr30k_test.db", "captions of split test (LMDB); under 200 MB; https://"],
      ["img_db/flickr30k", "region features (LMDB); at most 23 GB; https://"],
      ["pretrained/uniter-base.pt", "weights to start from; about 0.45 GB; https://"],
      ["pretrained/uniter-large.pt", "weights to start from; about 1.35 GB; https://"],
    ]
  ) assert.ok(err.includes(`\n    ${at}/${path}\n      ${what}`), `${path}\n${err}`);
  assert.match(err, /\nfix: put them there, or set their location: --set data\.root=PATH, /);
  assert.match(err, /experiments\/scenes_iais\.yaml needs no files outside the project\n$/);
  assert.throws(() => Deno.statSync(`${empty.path}/results`), Deno.errors.NotFound);
});

Deno.test("COCO's training split is made of two databases, and its images of two folders", async () => {
  using empty = temporaryFolder();
  const { code, err } = await denoTask(
    ["run", "experiments/coco_iais.yaml", "--only", "large_recall", "--results", empty.path],
    { IAIS_DATA: `${empty.path}/data` },
  );
  assert.equal(code, 2);
  const wanted = [...err.matchAll(/^ {4}.*\/data\/(\S+)$/gm)].map((match) => match[1]);
  assert.deepEqual(wanted, [
    "txt_db/itm_coco_train.db",
    "txt_db/itm_coco_restval.db",
    "txt_db/itm_coco_val.db",
    "txt_db/itm_coco_test.db",
    "img_db/coco_train2014",
    "img_db/coco_val2014",
    "pretrained/uniter-large.pt",
  ]);
});

/** The page's commands: the first examines the paper's experiment, the second runs the small set. */
function pageCommands(): { doctor: string[]; small: string[] } {
  const commands = commandsOf(docs).map(([npx, yes, deno, task, ...args]) => {
    assert.deepEqual([npx, yes, deno, task], ["npx", "-y", "deno", "task"]);
    return args;
  });
  // The last two are run by tests/pipeline/commands/export_features_test.ts.
  assert.deepEqual(
    commands.map(([task]) => task),
    ["doctor", "run", "export-features", "export-features"],
  );
  return { doctor: commands[0]!, small: commands[1]! };
}

Deno.test("doctor finds what is missing, and the small set runs with two alignments", async () => {
  using folder = temporaryFolder();
  const { doctor, small } = pageCommands();
  const environment = { IAIS_DATA: `${folder.path}/no data` };
  const results = ["--results", `${folder.path}/results`];
  const examined = await denoTask([...doctor, ...results], environment);
  assert.equal(examined.code, 2);
  assert.match(examined.out, /not ready to run: 5 problems to fix first\n$/);

  const shorter = ["base_tuned.alignment=[none, singular]", "base_tuned.steps=2"]
    .concat(["base_tuned.warmup=1"])
    .concat(["base_tuned.xla=false", "base_recall.xla=false"])
    .flatMap((change) => ["--set", change]);
  const { code, out, err } = await denoTask([...small, ...shorter, ...results], environment);
  assert.equal(code, 0, out + err);
  assert.match(out, /^none (\*| )/m);
  assert.match(out, /^singular (\*| )/m);
  assert.match(out, /Published results on Flickr30k, Karpathy's 1K test split \(percent\)/);
  assert.match(out, /Not comparable: we ranked\s\d+\simages/);
});

longTest(
  "the small set of the page on published data is examined and runs from end to end",
  async () => {
    using folder = temporaryFolder();
    const results = `${folder.path}/a results folder`;
    const { small } = pageCommands();
    const environment = { IAIS_DATA: `${folder.path}/no data` };
    const healthy = await denoTask(
      ["doctor", ...small.slice(1), "--results", results],
      environment,
    );
    assert.equal(healthy.code, 0, healthy.out + healthy.err);
    assert.match(
      healthy.out,
      /ok {4}base: the checkpoint has \d+ layers of \d+, and fits the features/,
    );
    assert.match(healthy.out, /an update of \d+ pairs takes about/);
    assert.match(healthy.out, /^ready to run\n$/m);

    const first = await denoTask([...small, "--results", results], environment);
    assert.equal(first.code, 0, first.out + first.err);
    for (const alignment of alignments) {
      assert.match(first.out, new RegExp(`^${alignment} (\\*| )`, "m"));
    }
    assert.match(first.out, /Published results on Flickr30k, Karpathy's 1K test split \(percent\)/);
    assert.match(first.out, /Not comparable: we ranked\s\d+\simages/);
    const again = await denoTask([...small, "--results", results], environment);
    assert.match(again.out, /^nothing to run/m);

    const ask = async (query: string) => {
      const { out, err, code } = await denoTask(
        ["sql", query, "--results", results, "--format", "json"],
      );
      assert.equal(code, 0, err);
      return JSON.parse(out);
    };
    // No weights are chosen by validation: those after the last update are evaluated.
    assert.deepEqual(
      await ask("SELECT count(*) AS validations FROM validation"),
      [{ validations: 0 }],
    );
    assert.deepEqual(
      await ask(
        "SELECT step, count(*) AS runs FROM training_step WHERE step IN (19, 20, 21) GROUP BY step ORDER BY step",
      ),
      [19, 20].map((step) => ({ step, runs: alignments.length })),
    );
    assert.deepEqual(
      await ask("SELECT count(DISTINCT run) AS runs, count(*) AS files FROM outside_file"),
      [{ runs: 2, files: 5 }],
    );
    assert.deepEqual(
      await ask(
        "SELECT count(*) AS steps FROM training_step WHERE alignment_loss > 0 AND grad_norm > 0",
      ),
      [{ steps: 20 * (alignments.length - 1) }],
    );
  },
);
