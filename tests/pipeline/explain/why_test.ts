import assert from "node:assert/strict";
import type { Preimage } from "../../../pipeline/key/key.ts";
import { type Answer, whyNode } from "../../../pipeline/explain/why.ts";
import type { StoredRun } from "../../../pipeline/store/stored_runs.ts";
import { whyAnswersText } from "../../../pipeline/explain/why_text.ts";
import { copiedProject } from "../../support/copied_project.ts";
import { runToy } from "../../support/toy_command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { toyNodes } from "../../support/toy_plan.ts";

const experiment = (count: number, steps: number) =>
  `name: toy
seed: 42
stages:
  numbers: { use: toy_numbers, count: ${count} }
  tuned: { use: toy_train, numbers: numbers, steps: ${steps}, matrix: { seed: [1, 2] } }
  recall: { use: toy_evaluate, model: tuned, numbers: numbers }
`;

/** The answer for a label when exactly the runs of an earlier version of the experiment are stored. */
async function answer(
  label: string,
  { before, after }: { before: string; after: string },
  changed: Partial<StoredRun> = {},
): Promise<Answer> {
  const old = toyNodes(before);
  const run = ({ key, label, preimage }: (typeof old)[number]): StoredRun => ({
    key,
    label,
    preimage,
    inputDigests: Object.fromEntries(
      Object.entries(preimage.inputs).map(([port, key]) => [port, `digest of ${key}`]),
    ),
    digest: `digest of ${key}`,
    started: "2026-01-02T03:04:05.678Z",
    ...(label === changed.label && changed),
  });
  const runs = new Map(old.map((node) => [node.key, run(node)]));
  const nodes = new Map(toyNodes(after).map((node) => [node.label, node]));
  return await whyNode(nodes.get(label)!, {
    runs: {
      complete: (key) => runs.get(key),
      preimage: (key): Preimage | undefined => runs.get(key)?.preimage,
      last: (label) => [...runs.values()].find((run) => run.label === label),
      named: () => assert.fail(),
    },
    experiment: "toy",
    nodes,
    stored: ({ key }) => runs.has(key),
    failure: () => undefined,
    codeChanges: () => Promise.resolve([]),
  });
}

const plain = (answer: Answer) =>
  whyAnswersText([answer]).replace(/[0-9a-f]{8}(?=[ ,;:)]|$)/gm, "KEY");

Deno.test("whyNode() follows a changed input to its cause, and lists the cause once", async () => {
  const before = experiment(5, 10);
  assert.equal(
    plain(await answer("recall[seed=1]", { before, after: experiment(6, 20) })),
    `recall[seed=1]: would run
  compared with KEY, computed 2026-01-02 03:04 UTC:
  input model (tuned[seed=1]): KEY -> KEY, because
    parameter steps: 10 -> 20
    input numbers (numbers): KEY -> KEY, because
      parameter count: 5 -> 6
  input numbers (numbers): KEY -> KEY, as shown above`,
  );
});

Deno.test("whyNode() reports that nothing differs, or that a stage was never computed", async () => {
  const before = experiment(5, 10);
  assert.equal(
    plain(await answer("tuned[seed=1]", { before, after: before })),
    "tuned[seed=1]: no differences; stored and complete\n  KEY, computed 2026-01-02 03:04 UTC",
  );
  const after = before.replace("[1, 2]", "[1, 3]");
  assert.equal(
    plain(await answer("tuned[seed=3]", { before, after })),
    "tuned[seed=3]: never computed",
  );
});

Deno.test("whyNode() reports a recomputed input with a different result", async () => {
  const before = experiment(5, 10);
  assert.equal(
    plain(
      await answer("recall[seed=2]", { before, after: before }, {
        label: "tuned[seed=2]",
        digest: "another digest",
      }),
    ),
    `recall[seed=2]: would run
  compared with KEY, computed 2026-01-02 03:04 UTC:
  input model (tuned[seed=2]) was recomputed since, with a different result:
    digest digest o -> another `,
  );
});

Deno.test("why shows file and line of changed code, and ignores comments", async () => {
  using project = copiedProject();
  const few = ["--set", "tuned.seed=[1, 2]", "--set", "tuned.alignment=none"]
    .concat(["--results", project.results]);
  const toy = "tests/support/toy.yaml";
  const file = `${project.path}/${toy}`;
  const first = await project.toy("run", file, ...few);
  assert.equal(first.code, 0, first.err);
  const why = async (stage: string) => {
    const { code, out, err } = await project.toy("why", file, stage, ...few);
    assert.equal(code, 0, err);
    return out.replace(/[0-9a-f]{8}(?=[ ,;:)]|$)/gm, "KEY")
      .replace(/computed \d{4}-.* UTC/g, "computed TIME");
  };
  const part = "tests/support/toy_stages/parts/number_lines.ts";
  project.edit(part, "/** One", "/**\n * A longer comment.\n *\n * One");
  assert.equal(
    await why("numbers"),
    "numbers: no differences; stored and complete\n  KEY, computed TIME\n",
  );
  project.edit(part, "1000)", "999)");
  assert.equal(
    await why("numbers"),
    `numbers: would run
  compared with KEY, computed TIME:
  code ${part}:8
    was: …{stream.integer(index, 1000)}\\n\`).join("");
    now: …{stream.integer(index, 999)}\\n\`).join("");
`,
  );
  assert.equal(
    await why("recall"),
    `recall[seed=1]: would run
  compared with KEY, computed TIME:
  input model (tuned[seed=1]): KEY -> KEY, because
    input numbers (numbers): KEY -> KEY, because
      code ${part}:8
        was: …stream.integer(index, 1000)}\\n\`).join("");
        now: …stream.integer(index, 999)}\\n\`).join("");
  input numbers (numbers): KEY -> KEY, as shown above
the same for 1 other point
`,
  );
});

Deno.test("why compares with a given run, and shows a changed outside file", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/e.yaml`;
  const numbers = `${folder.path}/numbers.txt`;
  const results = ["--results", `${folder.path}/results`];
  Deno.writeTextFileSync(
    file,
    "name: x\nseed: 1\nstages:\n  numbers: { use: toy_read, file: numbers.txt }\n" +
      "  made: { use: toy_numbers, matrix: { fail: [no, complaint] } }\n",
  );
  Deno.writeTextFileSync(numbers, "1\n2\n");
  await runToy(["run", file, ...results]);
  Deno.writeTextFileSync(numbers, "1\n3\n");
  const why = async (...more: string[]) => {
    const { out, err } = await runToy(["why", file, ...more, ...results]);
    return (out + err).replace(/[0-9a-f]{8}(?=[ ,;:)]|$)/gm, "KEY")
      .replace(/computed \d{4}-.* UTC/g, "computed TIME");
  };
  assert.equal(
    await why("numbers"),
    `numbers: would run
  compared with KEY, computed TIME:
  outside file numbers: digest KEY -> KEY
    ${numbers}
`,
  );
  const [{ name: key }] = [...Deno.readDirSync(`${folder.path}/results/artifacts/toy_read`)] as [
    Deno.DirEntry,
  ];
  const other = await why("made", "--against", key.slice(0, 8));
  assert.match(
    other,
    /^made\[fail=no\]: stored and complete\n {2}compared with numbers, KEY, computed TIME:\n {2}uses toy_numbers instead of toy_read\n/,
  );
  assert.match(other, /\n {2}its last run failed: the numbers ran out\n/);
  assert.match(
    await why("made[fail=complaint]"),
    /: never computed\n {2}its last run failed: the/,
  );
  assert.equal(
    await why("made", "--against", "zz"),
    "error: no complete run has a key that starts with `zz`\n  --> --against zz\n" +
      "fix: list the runs with `deno task runs`; use at least four digits of the key\n",
  );
  assert.equal(
    await why("mode"),
    "error: the experiment has no stage `mode`\n  --> why mode\nfix: did you mean `made`?\n",
  );
});
