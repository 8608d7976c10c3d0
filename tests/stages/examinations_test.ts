import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { type CodeCache, codeDigests } from "../../pipeline/key/code_digest.ts";
import { catalogue, checks, examinations } from "../../stages/catalogue.ts";
import { projectFolder } from "../support/command.ts";

Deno.test("no stage's code digest holds code that only plans and doctor run", async () => {
  const root = pathToFileURL(projectFolder);
  const cache: CodeCache = {};
  await codeDigests(catalogue.map(({ name }) => new URL(`stages/${name}.ts`, root)), {
    root,
    cache,
  });
  const estimates = Object.entries(cache).flatMap(([stage, { files }]) =>
    Object.keys(files).filter((file) =>
      /^stages\/(estimate\/|checks\.ts|examinations\.ts)/.test(file)
    )
      .map((file) => `${stage} holds ${file}`)
  );
  assert.equal(Object.keys(cache).length, catalogue.length);
  assert.deepEqual(estimates, []);
});

Deno.test("every check and every examination belongs to a kind of stage", () => {
  const kinds = new Set(catalogue.map(({ name }) => name));
  const all = [...Object.keys(checks), ...Object.keys(examinations)];
  assert.deepEqual(all.filter((name) => !kinds.has(name)), []);
});
