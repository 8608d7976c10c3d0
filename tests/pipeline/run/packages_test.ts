import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";
import { joinBytes } from "../../../stages/data/formats/byte_source.ts";
import { storedZip } from "../../../stages/data/formats/stored_zip.ts";
import { contentDigest } from "../../../pipeline/fetch/package_content.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy } from "../../support/toy_command.ts";

const pip = await new Deno.Command("python3", { args: ["-m", "pip", "--version"] }).output()
  .then(({ success }) => success, () => false);

/** Where Deno keeps the project's dependencies; by default it is below the folder of all caches. */
const denoFolder = Deno.env.get("DENO_DIR") ??
  `${Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME")}/.cache`}/deno`;

/** A wheel of one text, in a folder where pip finds it without a network. */
function publish(folder: string, text: string): string {
  const bytes = (content: string) => new TextEncoder().encode(content);
  const info = "toy_words-1.0.dist-info";
  const members: [string, Uint8Array][] = [
    ["toy_words/data/words.txt", bytes(text)],
    [`${info}/METADATA`, bytes("Metadata-Version: 2.1\nName: toy-words\nVersion: 1.0\n")],
    [`${info}/WHEEL`, bytes("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")],
    [`${info}/RECORD`, bytes("")],
  ];
  const wheel = joinBytes([...storedZip(members, { alignment: 1 })]);
  Deno.writeFileSync(`${folder}/toy_words-1.0-py3-none-any.whl`, wheel);
  return createHash("sha256").update(wheel).digest("hex");
}

/** What is kept of that wheel. */
function contentOf(text: string): string {
  return contentDigest({
    "words.txt": { sha256: createHash("sha256").update(text).digest("hex") },
  });
}

Deno.test({
  name: "a package is fetched once, by its digest, and its digest is in the key",
  ignore: !pip,
  async fn() {
    using folder = temporaryFolder();
    const sha256 = publish(folder.path, "one two");
    const file = `${folder.path}/e.yaml`;
    Deno.writeTextFileSync(
      file,
      `name: e\nstages:\n  words: { use: toy_words, sha256: ${sha256}, ` +
        `content: ${contentOf("one two")} }\n`,
    );
    const cache = `${folder.path}/cache with a space`;
    const results = `${folder.path}/results`;
    const run = (command: string, index: string, ...args: string[]) =>
      runToy([command, file, "--results", results, ...args], {
        env: {
          XDG_CACHE_HOME: cache,
          DENO_DIR: denoFolder,
          PIP_NO_INDEX: "1",
          PIP_FIND_LINKS: pathToFileURL(index).href,
          // uv is tried where pip fails; it would wait for a network.
          UV_OFFLINE: "1",
        },
      });
    const fetched = `${cache}/cross-modal-iais/toy-words-1.0-${sha256.slice(0, 12)}`;

    const doctor = await run("doctor", folder.path);
    assert.match(doctor.out, /^note {2}toy-words 1\.0 \(400 bytes\) will be downloaded once$/m);
    const plan = await run("run", folder.path, "--plan");
    assert.match(plan.out, /^run {2}words /);
    assert.throws(() => Deno.statSync(fetched), Deno.errors.NotFound);

    const first = await run("run", folder.path);
    assert.equal(first.code, 0, first.out + first.err);
    assert.match(first.out, /^fetching toy-words==1\.0 \(0 MB, once\)$/m);
    assert.equal(Deno.readTextFileSync(`${fetched}/words.txt`), "one two");
    const [key] = [...Deno.readDirSync(`${results}/artifacts/toy_words`)];
    assert.equal(
      Deno.readTextFileSync(`${results}/artifacts/toy_words/${key!.name}/artifact/words.txt`),
      "one two",
    );

    const again = await run("run", "/nowhere", "--force", "words");
    assert.equal(again.code, 0, again.out + again.err);
    assert.doesNotMatch(again.out, /fetching/);

    // The same size and time, but other content: it is not what the key says.
    const { mtime } = Deno.statSync(`${fetched}/words.txt`);
    Deno.writeTextFileSync(`${fetched}/words.txt`, "one twO");
    Deno.utimeSync(`${fetched}/words.txt`, mtime!, mtime!);
    const damaged = await run("run", folder.path, "--force", "words");
    assert.equal(damaged.code, 0, damaged.out + damaged.err);
    assert.ok(
      damaged.out.includes(
        `warning: ${fetched} is damaged (the content of words.txt changed) and is fetched again\n`,
      ),
      damaged.out,
    );
    assert.equal(Deno.readTextFileSync(`${fetched}/words.txt`), "one two");
    assert.doesNotMatch(damaged.out, /gave a different result/);

    Deno.removeSync(`${fetched}/words.txt`);
    const empty = await run("run", folder.path, "--force", "words");
    assert.equal(empty.code, 0, empty.out + empty.err);
    assert.equal(Deno.readTextFileSync(`${fetched}/words.txt`), "one two");

    const other = await run("run", folder.path, "--set", `words.sha256=${"f".repeat(64)}`);
    assert.equal(other.code, 1);
    assert.match(other.err, /^error: toy-words 1\.0 could not be fetched\npython3 -m pip: /);
    assert.match(
      other.err,
      /fix: install Python 3 with pip \(or uv\) and run again, or fetch it yourself/,
    );
  },
});

Deno.test({
  name: "python3 runs no code of the working folder, and a package without a file is not kept",
  ignore: !pip,
  async fn() {
    using folder = temporaryFolder();
    const sha256 = publish(folder.path, "one two");
    const file = `${folder.path}/e.yaml`;
    const content = contentOf("other words");
    Deno.writeTextFileSync(
      file,
      `name: e\nstages:\n  words: { use: toy_words, sha256: ${sha256}, content: ${content} }\n`,
    );
    const here = `${folder.path}/here`;
    Deno.mkdirSync(here);
    for (const module of ["pip", "zipfile", "glob"]) {
      Deno.writeTextFileSync(`${here}/${module}.py`, `open("${here}/ran", "w")\n`);
    }
    const cache = `${folder.path}/cache`;
    const { code, err } = await runToy(["run", file, "--results", `${folder.path}/results`], {
      cwd: here,
      env: {
        XDG_CACHE_HOME: cache,
        DENO_DIR: denoFolder,
        PYTHONPATH: here,
        PIP_NO_INDEX: "1",
        PIP_FIND_LINKS: pathToFileURL(folder.path).href,
      },
    });
    assert.equal(code, 1);
    assert.match(err, /^error: what was unpacked from toy-words 1\.0 is not what was published\n/);
    assert.deepEqual([...Deno.readDirSync(here)].map(({ name }) => name).sort(), [
      ...["glob.py", "pip.py", "zipfile.py"],
    ]);
    const left = [...Deno.readDirSync(`${cache}/cross-modal-iais`)].map(({ name }) => name);
    assert.deepEqual(left, [`toy-words-1.0-${sha256.slice(0, 12)}.lock`]);
  },
});
