/** Oracles and guessing are rows before the variants, in the terminal, in Markdown and on the page. */
import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import { type References, referencesOf } from "../../../results/findings/references.ts";
import { variantsOf } from "../../../results/findings/variants.ts";
import { madeReport } from "../../support/made_report.ts";

const pairs = {
  ...{ pair_text: 0.3, pair_image: 0.4, pair_group: 0.2 },
  ...{ pair_text_relation: 0.2, pair_image_relation: 0.3, pair_group_relation: 0.1 },
  ...{ pair_text_attribute: 0.4, pair_image_attribute: 0.5, pair_group_attribute: 0.3 },
};
const all = (value: number) => Object.fromEntries(Object.keys(pairs).map((name) => [name, value]));
const recalls = (value: number) => ({ i2t_r1: value, i2t_r5: value, t2i_r1: value / 2 });
const oracles = {
  objects_only: { test: recalls(0.25), swap: { ...all(1), pair_group_relation: 1 / 6 } },
  perfect: { test: { ...recalls(0.5), positives_t2i_r1: 1 }, swap: all(1) },
};
const options = { variants: ["none", "singular"], seeds: 2, pairs, oracles };

/** Rows of a printed table: from its title to its notes, as cells. */
function tableOf(printed: string, title: string): string[][] {
  const [, ...lines] = printed.slice(printed.indexOf(`${title} (percent`)).split("\n");
  const end = lines.findIndex((line) => line.startsWith("* baseline"));
  return lines.slice(0, end).map((line) => line.trim().split(/ {2,}/));
}

Deno.test("oracles are the first rows of the tables of their split, with dashes for what they do not have", async () => {
  const { printed } = await madeReport(options);
  for (const line of printed.split("\n").filter((line) => !line.startsWith("wrote"))) {
    assert.ok([...line].length <= 80, line);
  }
  const test = tableOf(printed, "recall on test");
  assert.deepEqual(test[0], ["i→t R@1", "R@5", "R@10", "t→i R@1", "R@5", "R@10"]);
  assert.deepEqual(test.slice(1, 3), [
    ["objects only", "25.0", "25.0", "–", "12.5", "–", "–"],
    ["perfect", "50.0", "50.0", "–", "25.0", "–", "–"],
  ]);
  assert.deepEqual(test.slice(3).map(([name]) => name), ["none *", "singular"]);
  assert.ok(!printed.includes("objects_only on"), printed);
  assert.ok(!printed.includes("perfect on"), printed);
  const words = printed.replaceAll(/\s+/g, " ");
  assert.ok(
    words.includes("objects only, perfect: expected values of oracles, which know the scenes"),
  );
  assert.ok(!words.includes("of 2 seeds"), "oracles have no seeds");
});

Deno.test("pairs of several kinds are in columns by kind, next to guessing", async () => {
  const { printed } = await madeReport(options);
  const swap = tableOf(printed, "recall on swap");
  assert.deepEqual(swap, [
    ["attribute", "relation"],
    ["text", "image", "group", "text", "image", "group"],
    ["guessing", "25.0", "25.0", "16.7", "25.0", "25.0", "16.7"],
    ["objects only", "100.0", "100.0", "100.0", "100.0", "100.0", "16.7"],
    ["perfect", "100.0", "100.0", "100.0", "100.0", "100.0", "100.0"],
    ["none *", "40.0 ±0.0", "50.0 ±0.0", "30.0 ±0.0", "20.0 ±0.0", "30.0 ±0.0", "10.0 ±0.0"],
    ["singular", "40.0 ±0.0", "50.0 ±0.0", "30.0 ±0.0", "20.0 ±0.0", "30.0 ±0.0", "10.0 ±0.0"],
  ]);
  const words = printed.replaceAll(/\s+/g, " ");
  assert.match(words, /attribute, relation: accuracy on two pictures whose captions swap words/);
  assert.match(words, /guessing: scores that say nothing/);
});

Deno.test("pairs of one kind, or of none, are in columns of their own", async () => {
  const { pair_text, pair_text_relation } = pairs;
  const { pair_group, pair_group_relation } = pairs;
  const one = { pair_text, pair_text_relation, pair_group, pair_group_relation };
  const { printed } = await madeReport({ ...options, pairs: one });
  const swap = tableOf(printed, "recall on swap");
  assert.deepEqual(swap[0], ["pairs: text", "group"]);
  assert.deepEqual(swap[1], ["guessing", "25.0", "16.7"]);
});

Deno.test("an experiment without oracles has neither these rows nor their notes", async () => {
  const { oracles: _oracles, ...without } = options;
  const found = await madeReport(without);
  for (const text of [found.printed, found.markdown, found.page]) {
    assert.doesNotMatch(text, /guessing|oracles/);
  }
});

Deno.test("an oracle of a split that nothing else was evaluated on has a table of its own", async () => {
  const { printed, markdown } = await madeReport({
    ...options,
    oracles: { ...oracles, unseen: { unseen_roles: recalls(0.75) } },
  });
  assert.match(printed, /\nunseen on unseen_roles \(percent/);
  assert.match(markdown, /\n## unseen on unseen\\?_roles\n/);
  assert.deepEqual(
    tableOf(printed, "recall on test").slice(1, 3).map(([name]) => name),
    ["objects only", "perfect"],
  );
});

Deno.test("the report's tables have the same rows, and mark the baseline's, not theirs", async () => {
  const { markdown, page } = await madeReport(options);
  const table = (title: string) =>
    markdown.split(/^(?=## )/m).find((part) => part.startsWith(`## ${title}\n`)) ?? "";
  const rowsOf = (title: string) =>
    table(title).split("\n").filter((line) => line.startsWith("| ")).slice(2)
      .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  assert.deepEqual(rowsOf("recall on test").slice(0, 2), [
    ["objects only", "25.0", "25.0", "–", "12.5", "–", "–"],
    ["perfect", "50.0", "50.0", "–", "25.0", "–", "–"],
  ]);
  assert.deepEqual(
    rowsOf("recall on swap").slice(0, 3).map((row) => row.slice(0, 2)),
    [["guessing", "25.0"], ["objects only", "100.0"], ["perfect", "100.0"]],
  );
  assert.ok(!markdown.includes("## objects"), markdown);
  assert.match(markdown, /- objects only, perfect: expected values of oracles/);
  const shown = page.slice(page.indexOf('id="headline-0"'));
  const rows = [
    ...shown.slice(0, shown.indexOf("</table>")).matchAll(/<tr([^>]*)><th scope="row">([^<]*)/g),
  ];
  assert.deepEqual(rows.map(([, , name]) => name), [
    "objects only",
    "perfect",
    "none *",
    "singular",
  ]);
  const classes = rows.map(([, attributes]) => attributes);
  assert.equal(classes[0], classes[1]);
  assert.notEqual(classes[2], classes[0], "the baseline is marked");
  assert.equal(classes[3], classes[0]);
});

Deno.test("oracles are not compared, counted or related to distances", async () => {
  const { oracles: _oracles, ...without } = options;
  const [with2, plain] = [await madeReport(options), await madeReport(without)];
  const section = (markdown: string, title: RegExp) =>
    markdown.split(/^(?=## )/m).find((part) => title.test(part)) ?? "";
  for (const title of [/^## Differences/, /^## Recall and relation distance/, /^## What would/]) {
    assert.equal(section(with2.markdown, title), section(plain.markdown, title));
  }
});

const schema = Deno.readTextFileSync(
  new URL("../../../results/database/schema.sql", import.meta.url),
);

interface StoredRun {
  readonly run: string;
  readonly stage: string;
  readonly kind: string;
  readonly reads?: Readonly<Record<string, string>>;
  readonly point?: Readonly<Record<string, string>>;
  /** `t2i_r1` on `test`. */
  readonly recall?: number;
}

async function referencesIn<Found>(
  runs: readonly StoredRun[],
  find: (references: References, ranking: readonly string[]) => Found,
): Promise<Found> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(schema);
    const insert = (table: string, ...values: (string | number)[]) =>
      connection.run(
        `INSERT INTO ${table} VALUES (${values.map((_, i) => `$${i + 1}`).join(", ")})`,
        values,
      );
    for (const [place, { run, stage, kind, reads = {}, point = {}, recall }] of runs.entries()) {
      await insert("experiment_run", "e", run, stage, run, place);
      await insert(
        "stage_run (run, stage, kind, label, status)",
        run,
        stage,
        kind,
        run,
        "complete",
      );
      for (const [port, input] of Object.entries(reads)) await insert("edge", run, port, input);
      for (const [axis, value] of Object.entries(point)) {
        await insert("run_point", "e", run, axis, value, run);
      }
      if (recall !== undefined) await insert("metric", run, "t2i_r1", "test", recall);
    }
    const variants = await variantsOf(connection, "e");
    return find(
      await referencesOf(connection, "e", variants),
      variants.ranking.map(({ stage }) => stage),
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Scenes, an oracle of them and an evaluation of a model that was trained on their features. */
function chain(name: string, oracle: number, point: Readonly<Record<string, string>> = {}) {
  const suffix = Object.values(point).map((value) => `-${value}`).join("");
  const run = (stage: string) => `${stage}${name}${suffix}`;
  return [
    { run: run("scenes"), stage: `scenes${name}`, kind: "make_scenes", point },
    {
      run: run("perfect"),
      stage: `perfect${name}`,
      kind: "oracle",
      reads: { scenes: run("scenes") },
      point,
      recall: oracle,
    },
    {
      run: run("features"),
      stage: `features${name}`,
      kind: "extract_features",
      reads: { from: run("scenes") },
      point,
    },
    {
      run: run("recall"),
      stage: `recall${name}`,
      kind: "evaluate",
      reads: { features: run("features") },
      point,
      recall: 0.25,
    },
  ];
}

const recallOf = (references: References, stage: string) =>
  references.beside(stage, "test").map(({ name, value }) => [name, value("t2i_r1")?.mean]);

Deno.test("an oracle stands beside evaluations on its own scenes alone, and ranks no queries", async () => {
  const runs = [...chain("_a", 0.5), ...chain("_b", 0.75)];
  const found = await referencesIn(runs, (references, ranking) => ({
    ranking,
    a: recallOf(references, "recall_a"),
    b: recallOf(references, "recall_b"),
    other: references.beside("recall_a", "val"),
    hidden: references.isShownBeside("perfect_a", "test"),
    shown: references.isShownBeside("perfect_a", "val"),
  }));
  assert.deepEqual(found, {
    ranking: ["recall_a", "recall_b"],
    a: [["guessing", undefined], ["perfect a", 0.5]],
    b: [["guessing", undefined], ["perfect b", 0.75]],
    other: [],
    hidden: true,
    shown: false,
  });
});

Deno.test("an oracle of swept scenes has one row if its numbers are the same, otherwise one by value", async () => {
  const rows = (more: number) =>
    referencesIn(
      [...chain("", 0.5, { images: "100" }), ...chain("", more, { images: "300" })],
      (references) => recallOf(references, "recall").slice(1),
    );
  assert.deepEqual(await rows(0.5), [["perfect", 0.5]]);
  assert.deepEqual(await rows(0.75), [["perfect, 100", 0.5], ["perfect, 300", 0.75]]);
});

Deno.test("over scenes of several seeds, an oracle has a mean and a standard deviation", async () => {
  const found = await referencesIn(
    [...chain("", 0.5, { seed: "1" }), ...chain("", 0.75, { seed: "2" })],
    (references) => references.beside("recall", "test")[1]!.value("t2i_r1"),
  );
  // Of 1/2 and 3/4: the distance over the square root of 2.
  assert.equal(found!.mean, 0.625);
  assert.ok(Math.abs(found!.spread! - 0.25 / Math.SQRT2) < 4 * Number.EPSILON);
});
