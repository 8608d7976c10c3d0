import assert from "node:assert/strict";
import { copiedProject } from "../../support/copied_project.ts";

const set = ["--set", "tuned.seed=1", "--set", "tuned.alignment=[none, singular]"];
const toy = "tests/support/toy.yaml";

Deno.test("a report is kept while nothing has to run, until its code or a result changes", async () => {
  using project = copiedProject();
  const file = `${project.path}/${toy}`;
  const run = async () => {
    const { code, out, err } = await project.toy("run", file, ...set);
    assert.equal(code, 0, err);
    return out;
  };
  const kept = () => {
    const folder = `${project.results}/state/requested`;
    const name = [...Deno.readDirSync(folder)].find(({ name }) => name.endsWith(".txt"))!.name;
    return `${folder}/${name}`;
  };
  await run();
  assert.match(await run(), /^nothing to run: .*\n\nrecall on test \(percent\)\n/);
  const text = Deno.readTextFileSync(kept());
  Deno.writeTextFileSync(kept(), text.replace("recall on test", "kept text"));
  assert.match(await run(), /\n\nkept text \(percent\)\n/);

  project.edit("results/findings/terminal_table.ts", "(percent${over})", "(per cent${over})");
  assert.match(await run(), /\n\nrecall on test \(per cent\)\n/);

  const [{ name }] = [...Deno.readDirSync(`${project.results}/artifacts/toy_evaluate`)] as [
    Deno.DirEntry,
  ];
  const manifest = `${project.results}/artifacts/toy_evaluate/${name}/manifest.json`;
  Deno.writeTextFileSync(kept(), Deno.readTextFileSync(kept()).replace("recall on test", "kept"));
  Deno.writeTextFileSync(
    manifest,
    Deno.readTextFileSync(manifest).replace(/"processor": ".*"/, '"processor": "Abacus 1"'),
  );
  assert.match(await run(), /\n\nrecall on test \(per cent\)\n/);
});
