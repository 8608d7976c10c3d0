import assert from "node:assert/strict";
import { runToy } from "../../support/toy_command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const experiment = `name: chosen
seed: 42
stages:
  numbers: { use: toy_numbers }
  tuned:
    use: toy_train
    numbers: numbers
    matrix: { alignment: [none, singular], steps: [5, 10] }
  on_val: { use: toy_evaluate, model: tuned, numbers: numbers, split: val }
  best: { use: toy_choose, from: tuned, by: on_val, metric: t2i_r1, along: [steps] }
  recall: { use: toy_evaluate, model: best, numbers: numbers, split: test }
report: { baseline: { alignment: none } }
`;

Deno.test("the chosen model is what the next stage reads, and every command knows where it is from", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/chosen.yaml`;
  const results = ["--results", `${folder.path}/results`];
  Deno.writeTextFileSync(file, experiment);
  const toy = async (...args: string[]) => {
    const { code, out, err } = await runToy([...args, ...results]);
    assert.equal(code, 0, `${args.join(" ")}\n${out}${err}`);
    return out;
  };
  const rows = async (query: string) => JSON.parse(await toy("sql", query, "--format", "json"));

  const printed = await toy("run", file);
  assert.match(printed, /^ran 13 of 13 stages/m);
  assert.match(printed, /^best was chosen by t→i R@1 on val, from 2 points each:$/m);
  assert.doesNotMatch(printed, /^on_val on val/m);
  assert.match(await toy("run", file), /^nothing to run/);

  // The tested recalls are those that decided: the toy measures the same on both splits.
  const tested = await rows(`
    SELECT t.alignment, m.value FROM latest AS l JOIN metric AS m USING (run)
    JOIN trained AS t USING (run) WHERE l.stage = 'recall' AND m.name = 't2i_r1' ORDER BY ALL`);
  const decided = await rows(`
    SELECT t.alignment, max(c.value) AS value FROM choice AS c JOIN trained AS t USING (run)
    GROUP BY ALL ORDER BY ALL`);
  assert.deepEqual(tested, decided);
  assert.deepEqual(tested.map((row: { alignment: string }) => row.alignment), ["none", "singular"]);

  assert.match(await toy("verify", file, "best"), /2 of 2 recomputed in .*: all bits equal/);
  assert.match(await toy("gc"), /^nothing to free; kept: 13 results/);
  const why = await toy("why", file, "best[alignment=none]", "--set", "tuned.steps=[10, 5]");
  assert.match(why, /parameter candidates: \[\{"steps":5\},\{"steps":10\}\] -> \[\{"steps":10\}/);
  const plan = await toy("run", file, "--plan", "--set", "tuned.steps=10");
  assert.match(plan, /^run +best\[alignment=none\]/m);
  await toy("export", `${folder.path}/exported`);
  const crate = Deno.readTextFileSync(`${folder.path}/exported/ro-crate-metadata.json`);
  const best = JSON.parse(crate)["@graph"].find((entity: { name?: string }) =>
    entity.name === "best[alignment=none]"
  );
  // Two models, two evaluations, and the parameters: along, metric, split, take, candidates.
  assert.equal(best.object.length, 4 + 5);
});
