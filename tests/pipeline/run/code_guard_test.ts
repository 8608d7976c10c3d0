import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { type CodeCache, codeDigests } from "../../../pipeline/key/code_digest.ts";
import { codeGuard } from "../../../pipeline/run/code_guard.ts";
import { copiedProject } from "../../support/copied_project.ts";
import { errorText } from "../../support/toy_graph.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const module = "stages/parts/sum.ts";
const sum = "export const sum = (a: number, b: number) => a + b;\n";

/** A project with one stage, whose code has just got its digest, and the guard of that code. */
async function guardedProject() {
  const folder = temporaryFolder();
  const write = (path: string, text: string) =>
    Deno.writeTextFileSync(`${folder.path}/${path}`, text);
  Deno.mkdirSync(`${folder.path}/stages/parts`, { recursive: true });
  write("stages/make.ts", `import { sum } from "./parts/sum.ts";\nexport const make = sum(1, 2);`);
  write(module, sum);
  write("deno.json", "{}");
  write("deno.lock", "{}");
  const root = pathToFileURL(`${folder.path}/`);
  const cache: CodeCache = {};
  await codeDigests([new URL("stages/make.ts", root)], { root, cache });
  const stage = "stages/make.ts";
  const guard = codeGuard(new Map([["make", { stage, root: folder.path, entry: cache[stage]! }]]));
  return {
    edit: (text: string) => write(module, text),
    starting: () => guard("make"),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const changed =
  "error: the code of this stage has changed since the run started, so its result would not match its key\n" +
  `  --> ${module}\n` +
  "fix: run again: the stage then gets the key of its code as it is now";

Deno.test("a process may start and load code that is as it was, or differs in a comment", async () => {
  using project = await guardedProject();
  (await project.starting())();
  project.edit(`// Adds.\n${sum}`);
  (await project.starting())();
});

Deno.test("no process starts once code was edited, until it says the same again", async () => {
  using project = await guardedProject();
  project.edit(sum.replace("a + b", "a - b"));
  await assert.rejects(project.starting(), (error) => String(error) === changed);
  project.edit(sum);
  (await project.starting())();
});

Deno.test("code that was edited while a process loaded it is refused, even if it says the same again", async () => {
  using project = await guardedProject();
  const loaded = await project.starting();
  project.edit(sum.replace("a + b", "a - b"));
  assert.equal(errorText(loaded), changed);
  project.edit(sum);
  assert.equal(errorText(loaded), changed);
});

Deno.test("code edited during a run reaches no result: what had started ends with its code, the rest fails", async () => {
  using project = copiedProject();
  const stages = "tests/support/toy_stages";
  Deno.writeTextFileSync(`${project.path}/${stages}/parts/addend.ts`, "export const addend = 1;\n");
  project.edit(
    `${stages}/toy_train.ts`,
    "    await Deno.writeTextFile(`${folder}/model.json`",
    '    state += (await import("./parts/addend.ts")).addend;\n' +
      "    await Deno.writeTextFile(`${folder}/model.json`",
  );
  const file = `${project.path}/toy.yaml`;
  Deno.writeTextFileSync(
    file,
    `name: toy
seed: 1
stages:
  numbers: { use: toy_numbers }
  tuned: { use: toy_train, numbers: numbers, pause: 20, matrix: { seed: [1, 2] } }
`,
  );
  {
    await using running = project.start("run", file, "--jobs", "1");
    await running.until("tuned[seed=1]: started");
    project.edit(`${stages}/parts/addend.ts`, "addend = 1", "addend = 2");
    const out = await running.until("to retry");
    assert.match(out, /^done tuned\[seed=1\]/m);
    assert.match(
      out,
      /^error: stage `tuned\[seed=2\]` failed: the code of this stage has changed since the run started, .*\n {2}--> tests\/support\/toy_stages\/parts\/addend\.ts\nfix: /m,
    );
    assert.equal((await running.child.status).code, 1);
  }
  project.edit(`${stages}/parts/addend.ts`, "addend = 2", "addend = 1");
  const again = await project.toy("run", file);
  assert.match(again.out, /^toy: 1 of 3 stages to run$/m, again.err);
  const { out } = await project.toy("verify", file, "tuned");
  assert.match(out, /^2 of 2 recomputed in .*: all bits equal$/m);
});
