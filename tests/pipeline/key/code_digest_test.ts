import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path/posix";
import { pathToFileURL } from "node:url";
import { type CodeCache, codeDigests } from "../../../pipeline/key/code_digest.ts";
import { projectFolder } from "../../support/command.ts";
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

Deno.test("code that is edited while its digest is computed is not cached under its new state", async () => {
  using folder = temporaryFolder();
  write(folder);
  for (let wait = 0; wait < 40; wait += 8) {
    const cache: CodeCache = {};
    const reading = digestOf(folder, cache);
    await new Promise((resolve) => setTimeout(resolve, wait));
    write(folder, { "stages/make.ts": `${files["stages/make.ts"]}\nexport const n = ${wait};` });
    await reading;
    assert.equal(await digestOf(folder, cache), await digestOf(folder), `after ${wait} ms`);
  }
});

Deno.test("code that does not parse is reported with its place", async () => {
  using folder = temporaryFolder();
  write(folder, { "stages/parts/later.ts": "export const = 5;" });
  const text = await digestOf(folder).then(() => "", (error) =>
    errorText(() => {
      throw error;
    }));
  assert.equal(
    text,
    'error: cannot read the code of a stage: Expected identifier but found "="\n' +
      "  --> stages/parts/later.ts:1:14\nfix: fix the code",
  );
});

/** Whether two trees that differ in these files give `stages/make.ts` one digest. */
async function sameDigest(one: Record<string, string>, other: Record<string, string>) {
  const digests: string[] = [];
  for (const changed of [one, other]) {
    using folder = temporaryFolder();
    write(folder, changed);
    digests.push(await digestOf(folder));
  }
  return digests[0] === digests[1];
}

Deno.test("the order of import statements and of names in them changes no key", async () => {
  const two = { "stages/parts/two.ts": "export const a = 1, b = 2;" };
  const make = (imports: string) => ({
    ...two,
    "stages/make.ts": `${imports}\nexport const make = [a, b, third(1)];`,
  });
  const third = `import { third } from "./parts/third.ts";`;
  assert.ok(
    await sameDigest(
      make(`import { a, b } from "./parts/two.ts"; ${third}`),
      make(`${third} import { b, a } from "./parts/two.ts";`),
    ),
  );
});

Deno.test("a name that comes from another module changes the key, also under equal texts", async () => {
  const parts = {
    "stages/parts/one.ts": "export const a = 1;",
    "stages/parts/two.ts": "export const a = 2;",
  };
  const make = (first: string, second: string) => ({
    ...parts,
    "stages/make.ts": `import { a } from "./parts/${first}.ts";
      import { a as b } from "./parts/${second}.ts";
      export const make = a - b;`,
  });
  assert.equal(await sameDigest(make("one", "two"), make("two", "one")), false);
});

Deno.test("an edit of an unused export changes no key, one of a used export does", async () => {
  const third = (unused: number, used: number) => ({
    "stages/parts/third.ts": `import { deep } from "./deep.ts";
      export const unused = () => deep + ${unused};
      export const third = (x: number) => x + ${used};`,
    "stages/parts/deep.ts": `export const deep = ${unused};`,
  });
  assert.equal(await sameDigest(third(1, 3), third(2, 3)), true);
  assert.equal(await sameDigest(third(1, 3), third(1, 4)), false);
});

Deno.test("an edit of a module that is imported for its side effects changes the key", async () => {
  const effect = (text: string) => ({
    "stages/parts/third.ts": `import "./effect.ts"; export const third = (x: number) => x + 3;`,
    "stages/parts/effect.ts": text,
  });
  const [loud, louder] = [effect("globalThis.name = '1';"), effect("globalThis.name = '2';")];
  assert.equal(await sameDigest(loud, louder), false);
  assert.equal(
    await sameDigest(effect("export const a = 1;"), effect("export const a = 2;")),
    true,
  );
});

Deno.test("an edit is found through star exports, namespaces, defaults and circular imports", async () => {
  const tree = (at: Record<string, number>) => ({
    "stages/make.ts": `import * as all from "./parts/star.ts";
      import whole, { named as other } from "./parts/default.ts";
      import { ping } from "./parts/ping.ts";
      export const make = [all, whole, other, ping(3)];`,
    "stages/parts/star.ts": `export * from "./starred.ts"; export { third } from "./third.ts";`,
    "stages/parts/starred.ts": `export const starred = ${at["starred"] ?? 0};`,
    "stages/parts/default.ts": `export default ${at["default"] ?? 0};
      export { named } from "./named.ts";`,
    "stages/parts/named.ts": `export const named = ${at["named"] ?? 0};`,
    "stages/parts/ping.ts": `import { pong } from "./pong.ts";
      export const ping = (n: number): number => n === ${at["ping"] ?? 0} ? 0 : pong(n - 1);`,
    "stages/parts/pong.ts": `import { ping } from "./ping.ts";
      export const pong = (n: number): number => n === ${at["pong"] ?? 0} ? 1 : ping(n - 1);`,
  });
  assert.equal(await sameDigest(tree({}), tree({})), true);
  for (const place of ["starred", "default", "named", "ping", "pong"]) {
    assert.equal(await sameDigest(tree({}), tree({ [place]: 1 })), false, place);
  }
});

Deno.test("text that looks like an import, in a string, is part of the code", async () => {
  const make = (name: string) => ({
    "stages/make.ts": `export const make = \`\nimport{a}from"${name}";\n\`;`,
  });
  assert.equal(await sameDigest(make("one"), make("two")), false);
});

Deno.test("an import without a file is reported at its place", async () => {
  using folder = temporaryFolder();
  write(folder, {
    "stages/parts/third.ts": `import { x } from "./gone.ts";\nexport const third = x;`,
  });
  const text = await digestOf(folder).then(() => "", (error) =>
    errorText(() => {
      throw error;
    }));
  assert.equal(
    text,
    "error: cannot read the code of a stage: there is no module stages/parts/gone.ts\n" +
      "  --> stages/parts/third.ts:1:19\nfix: fix the code",
  );
});

/** Copies `pipeline/` and `stages/`, every module at another place under another name. */
function copyMoved(project: string, folder: TemporaryFolder): (path: string) => string {
  const paths = ["pipeline", "stages"].flatMap((top) =>
    Array.from(
      Deno.readDirSync(`${project}/${top}`),
      function list({ name, isDirectory }): string[] {
        const path = `${top}/${name}`;
        return isDirectory ? under(path) : [path];
      },
    ).flat()
  ).filter((path) => path.endsWith(".ts"));
  function under(folder: string): string[] {
    return Array.from(Deno.readDirSync(`${project}/${folder}`)).flatMap(({ name, isDirectory }) =>
      isDirectory ? under(`${folder}/${name}`) : [`${folder}/${name}`]
    );
  }
  // Neither the order of names nor the depth of folders is kept.
  const places = new Map(paths.map((path, index) => {
    const place = (index * 7919) % paths.length;
    return [path, `code/${"deep/".repeat(place % 4)}room_${place % 5}/part_${place}.ts`];
  }));
  for (const [path, place] of places) {
    const text = Deno.readTextFileSync(`${project}/${path}`)
      .replace(/((?:\bfrom\s*|\bimport\s*\(?\s*)")(\.[^"]*\.ts)"/g, (whole, before, target) => {
        const moved = places.get(join(dirname(path), target));
        return moved === undefined
          ? whole
          : `${before}${relative(dirname(place), moved).replace(/^(?!\.)/, "./")}"`;
      });
    Deno.mkdirSync(`${folder.path}/${dirname(place)}`, { recursive: true });
    Deno.writeTextFileSync(`${folder.path}/${place}`, text);
  }
  for (const file of ["deno.json", "deno.lock"]) {
    Deno.copyFileSync(`${project}/${file}`, `${folder.path}/${file}`);
  }
  return (path) => places.get(path)!;
}

Deno.test("in a tree with every module moved and renamed, each stage keeps its digest", async () => {
  using folder = temporaryFolder();
  const moved = copyMoved(projectFolder, folder);
  const stages = [...Deno.readDirSync(`${projectFolder}/stages`)]
    .filter(({ name, isFile }) => isFile && name.endsWith(".ts")).map(({ name }) =>
      `stages/${name}`
    );
  const digestsIn = async (path: string, place: (stage: string) => string) => {
    const root = pathToFileURL(path.endsWith("/") ? path : `${path}/`);
    const urls = stages.map((stage) => new URL(place(stage), root));
    const digests = await codeDigests(urls, { root, cache: {} });
    return urls.map((url, index) => [stages[index], digests.get(url.href)]);
  };
  const here = await digestsIn(projectFolder, (stage) => stage);
  assert.deepEqual(await digestsIn(folder.path, moved), here);
  assert.equal(new Set(here.map(([, digest]) => digest)).size, stages.length);
});
