import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { type CodeCache, codeDigests } from "../../../pipeline/key/code_digest.ts";
import { errorText } from "../../support/toy_graph.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/temporary_folder.ts";

const files: Record<string, string> = {
  "deno.json": '{ "imports": { "valibot": "npm:valibot@1.5.0" } }',
  "deno.lock": lock("1.5.0", "3.0.0"),
  "stages/make.ts": `import * as v from "valibot";
    import { first } from "./parts/first.ts";
    export const make = { schema: v.number(), run: async () => {
      const { later } = await import("./parts/later.ts");
      return first() + later();
    } };`,
  "stages/parts/first.ts": `import { second } from "./second.ts";
    export function first(): number { return second(2) + 1; }`,
  "stages/parts/second.ts": `import { third } from "./third.ts";
    export const second = (x: number): number => third(x) * 2;`,
  "stages/parts/third.ts": `export const third = (x: number) => x + 3;`,
  "stages/parts/later.ts": `export const later = () => 5;`,
  "stages/other.ts": `export const other = 1;`,
};

function lock(valibot: string, unrelated: string): string {
  return JSON.stringify({
    specifiers: { "npm:valibot@1.5.0": valibot, "npm:left-pad@3": unrelated },
    npm: {
      [`valibot@${valibot}`]: { dependencies: ["below"] },
      "below@1.0.0": {},
      [`left-pad@${unrelated}`]: {},
    },
  });
}

function write(folder: TemporaryFolder, changed: Record<string, string> = {}): void {
  for (const [path, text] of Object.entries({ ...files, ...changed })) {
    const file = `${folder.path}/${path}`;
    Deno.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(file, text);
  }
}

async function digestOf(folder: TemporaryFolder, cache: CodeCache = {}): Promise<string> {
  const root = pathToFileURL(`${folder.path}/`);
  const url = new URL("stages/make.ts", root);
  return (await codeDigests([url], { root, cache })).get(url.href)!;
}

async function changes(changed: Record<string, string>): Promise<boolean> {
  using folder = temporaryFolder();
  write(folder);
  const before = await digestOf(folder);
  write(folder, changed);
  return before !== await digestOf(folder);
}

Deno.test("comments, formatting and types change no key", async () => {
  const third = `/** Says what it does. */
    import type { Odd } from "./odd.ts";
    type Number = number;
    export const third = (
      x: Number & Odd,
    ): number =>
      x   +   3; // three`;
  const odd = "export type Odd = number;";
  assert.equal(
    await changes({ "stages/parts/third.ts": third, "stages/parts/odd.ts": odd }),
    false,
  );
});

Deno.test("an edit three imports down changes the key", async () => {
  assert.equal(
    await changes({ "stages/parts/third.ts": "export const third = (x: number) => x + 4;" }),
    true,
  );
});

Deno.test("an edit of a module that is imported when it is needed changes the key", async () => {
  assert.equal(await changes({ "stages/parts/later.ts": "export const later = () => 6;" }), true);
});

Deno.test("an edit of a stage that is not imported changes no key", async () => {
  assert.equal(await changes({ "stages/other.ts": "export const other = 2;" }), false);
});

Deno.test("the version of an imported package is in the key, that of another is not", async () => {
  assert.equal(await changes({ "deno.lock": lock("1.5.1", "3.0.0") }), true);
  assert.equal(await changes({ "deno.lock": lock("1.5.0", "3.0.1") }), false);
});

Deno.test("the version of what an imported package depends on is in the key", async () => {
  const below = lock("1.5.0", "3.0.0").replace("below@1.0.0", "below@1.0.1");
  assert.equal(await changes({ "deno.lock": below }), true);
});

Deno.test("the place of the project is not in the key", async () => {
  using here = temporaryFolder();
  using there = temporaryFolder();
  write(here);
  write(there);
  assert.equal(await digestOf(here), await digestOf(there));
});

Deno.test("a cached digest is used as long as no file changed, and not afterwards", async () => {
  using folder = temporaryFolder();
  write(folder);
  const cache: CodeCache = {};
  const digest = await digestOf(folder, cache);
  const [path, entry] = Object.entries(cache)[0]!;
  assert.deepEqual(Object.keys(entry.files), [
    "stages/make.ts",
    "stages/parts/first.ts",
    "stages/parts/later.ts",
    "stages/parts/second.ts",
    "stages/parts/third.ts",
    "deno.json",
    "deno.lock",
  ]);
  cache[path] = { ...entry, digest: "from the cache" };
  assert.equal(await digestOf(folder, cache), "from the cache");
  write(folder, { "stages/parts/third.ts": "export const third = (x: number) => x + 30;" });
  const after = await digestOf(folder, cache);
  assert.notEqual(after, "from the cache");
  assert.notEqual(after, digest);
});

Deno.test("code that does not parse is told with its place", async () => {
  using folder = temporaryFolder();
  write(folder, { "stages/parts/later.ts": "export const = 5;" });
  const text = await digestOf(folder).then(() => "", (error) =>
    errorText(() => {
      throw error;
    }));
  assert.equal(
    text,
    'error: a stage\'s code cannot be read: Expected identifier but found "="\n' +
      "  --> stages/parts/later.ts:1:14\nfix: mend the code",
  );
});
