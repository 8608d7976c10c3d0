import assert from "node:assert/strict";
import { wrongPage } from "../../../results/report/page/wrong_page.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy, toyExperiment } from "../../support/toy_command.ts";

const set = ["--set", "tuned.seed=1", "--set", "tuned.alignment=[none, singular]"];

Deno.test("wrong lists the queries with the worst ranks of a stored evaluation, and writes a page", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  const wrong = (...args: string[]) =>
    runToy(["wrong", toyExperiment, ...args, ...set, "--results", results]);

  const none = await wrong();
  assert.equal(none.code, 1);
  assert.match(none.err, /^error: no evaluation of the experiment is stored yet\n/);
  assert.match(none.err, /fix: run it first: deno task run .* --only 'recall\[alignment=none/);

  assert.equal((await runToy(["run", toyExperiment, ...set, "--results", results])).code, 0);
  const both = await wrong();
  assert.equal(
    both.out,
    "recall[alignment=none], split test: the most wrong of 20 queries\n" +
      "      9/10  t2i  <b>dog</b> 0\n      8/10  t2i  <b>dog</b> 1\n" +
      `page: ${results}/wrong.html\n`,
  );
  const page = `${folder.path}/new folder/page.html`;
  const other = await wrong(
    ...["--only", "recall[alignment=singular]", "--direction", "i2t", "--count", "1"],
    ...["--page", page, "--json"],
  );
  const { evaluation, wrong: list, page: named } = JSON.parse(other.out);
  assert.deepEqual([evaluation, list.length, named], ["recall[alignment=singular]", 1, page]);
  assert.equal(list[0].answers[0].thumbnail, undefined);
  assert.ok(Deno.statSync(page).isFile);

  const odd = await wrong("--direction", "up");
  assert.equal(odd.code, 2);
  assert.match(odd.err, /^error: `--direction` cannot be `up`\n/);
  assert.equal((await runToy(["wrong"])).code, 2);
});

Deno.test("the page escapes all texts", () => {
  const answers = [{ image: `a"b.jpg`, text: "<i>cat</i>", score: 0.5, isRight: true }];
  const page = wrongPage({
    experiment: "<e>",
    evaluation: "recall",
    split: "test",
    queries: 3,
    wrong: [{
      direction: "i2t",
      query: { image: `<img src=x>` },
      rank: 2,
      candidates: 3,
      right: { image: "c", text: `"right"`, score: -1, thumbnail: "data:image/jpeg;base64,AAAA" },
      answers,
    }],
  });
  assert.ok(!/<img src=x>|<i>|<e>/.test(page));
  assert.match(page, /correct answer, rank 2 of 3.*data:image\/jpeg;base64,AAAA/);
  assert.doesNotMatch(page, /https?:/);
});
