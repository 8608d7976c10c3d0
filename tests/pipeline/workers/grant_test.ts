import assert from "node:assert/strict";
import { covers, type Grant, permissionFlags, union } from "../../../pipeline/workers/grant.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy } from "../../support/toy_command.ts";

const nothing: Grant = { read: [], write: [], native: false, network: false, programs: [] };

/** What a stage that tries everything was allowed to do. */
async function attempted(use: string): Promise<Record<string, string>> {
  using folder = temporaryFolder();
  const elsewhere = `${folder.path}/elsewhere, with a comma`;
  Deno.mkdirSync(elsewhere);
  Deno.writeTextFileSync(`${elsewhere}/secret.txt`, "secret");
  const file = `${folder.path}/e.yaml`;
  Deno.writeTextFileSync(
    file,
    `name: e\nseed: 1\nstages:\n  numbers: { use: toy_numbers }\n  tried: { use: ${use}, ` +
      `numbers: numbers, elsewhere: ${JSON.stringify(elsewhere)} }\n`,
  );
  const results = `${folder.path}/results`;
  const { code, out, err } = await runToy(["run", file, "--results", results]);
  assert.equal(code, 0, out + err);
  const [key] = [...Deno.readDirSync(`${results}/artifacts/${use}`)];
  assert.deepEqual([...Deno.readDirSync(elsewhere)].map(({ name }) => name), ["secret.txt"]);
  return JSON.parse(
    Deno.readTextFileSync(`${results}/artifacts/${use}/${key!.name}/artifact/attempts.json`),
  );
}

Deno.test("a stage reads its input and writes its folder, and can do nothing else", async () => {
  assert.deepEqual(await attempted("toy_intruder"), {
    "read the input": "done",
    "write the input": "NotCapable",
    "remove the input": "NotCapable",
    "read elsewhere": "NotCapable",
    "write elsewhere": "NotCapable",
    "complete itself": "NotCapable",
    "start true": "NotCapable",
    "start sh": "NotCapable",
    "read the environment": "NotCapable",
    "reach the network": "NotCapable",
    "open a library": "NotCapable",
    "keep an item": "ReferenceError",
    "keep a response": "ReferenceError",
  });
});

Deno.test("a stage may do what its definition declares, and nothing else", async () => {
  assert.deepEqual(await attempted("toy_fetcher"), {
    "read the input": "done",
    "write the input": "NotCapable",
    "remove the input": "NotCapable",
    "read elsewhere": "NotCapable",
    "write elsewhere": "NotCapable",
    "complete itself": "NotCapable",
    "start true": "done",
    "start sh": "NotCapable",
    "read the environment": "done",
    "reach the network": "done",
    "open a library": "done",
    "keep an item": "ReferenceError",
    "keep a response": "ReferenceError",
  });
});

Deno.test("a stage that needs an undeclared permission fails and names it", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/e.yaml`;
  Deno.writeTextFileSync(
    file,
    "name: e\nseed: 1\nstages:\n  numbers: { use: toy_numbers }\n" +
      `  tried: { use: toy_intruder, numbers: numbers, elsewhere: "${folder.path}", reckless: true }\n`,
  );
  const { code, out } = await runToy(["run", file, "--results", `${folder.path}/results`]);
  assert.equal(code, 1);
  assert.ok(
    out.includes(
      "error: stage `tried` failed: internal: its definition does not declare a permission it needs: " +
        `Requires write access to "${folder.path}/own.txt"\n`,
    ),
    out,
  );
});

Deno.test("covers() holds when every needed permission is held", () => {
  const held = { ...nothing, read: ["/a", "/b"], write: ["/b"], native: true };
  assert.ok(covers(held, { ...nothing, read: ["/b"] }));
  assert.ok(covers(held, { ...held, read: [] }));
  for (
    const wanted of [
      { ...nothing, read: ["/c"] },
      { ...nothing, write: ["/a"] },
      { ...nothing, network: true },
      { ...nothing, programs: ["git"] },
    ]
  ) assert.ok(!covers(held, wanted));
  assert.ok(!covers(nothing, { ...nothing, native: true }));
});

Deno.test("union() allows what any grant allows, each once", () => {
  const [a, b] = [
    { ...nothing, read: ["/b", "/a"], network: true },
    { ...nothing, read: ["/b"], write: ["/w"], programs: ["git"] },
  ];
  const expected = { read: ["/a", "/b"], write: ["/w"], native: false, network: true };
  assert.deepEqual(union([a, b]), { ...expected, programs: ["git"] });
});

Deno.test("without permissions the only flag is the one that disables prompts", () => {
  assert.deepEqual(permissionFlags(nothing), ["--no-prompt"]);
});
