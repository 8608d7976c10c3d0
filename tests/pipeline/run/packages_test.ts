import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";
import { joinBytes } from "../../../stages/data/formats/byte_source.ts";
import { storedZip } from "../../../stages/data/formats/stored_zip.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy } from "../../support/toy_command.ts";

const pip = await new Deno.Command("python3", { args: ["-m", "pip", "--version"] }).output()
  .then(({ success }) => success, () => false);

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

Deno.test({
  name: "a package is fetched once, by its digest, and its digest is in the key",
  ignore: !pip,
  async fn() {
    using folder = temporaryFolder();
    const sha256 = publish(folder.path, "one two");
    const file = `${folder.path}/e.yaml`;
    Deno.writeTextFileSync(
      file,
      `name: e\nstages:\n  words: { use: toy_words, sha256: ${sha256} }\n`,
    );
    const cache = `${folder.path}/cache with a space`;
    const results = `${folder.path}/results`;
    const run = (command: string, index: string, ...args: string[]) =>
      runToy([command, file, "--results", results, ...args], {
        env: {
          XDG_CACHE_HOME: cache,
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

    const other = await run("run", folder.path, "--set", `words.sha256=${"f".repeat(64)}`);
    assert.equal(other.code, 1);
    assert.match(other.err, /^error: toy-words 1\.0 could not be fetched\npython3 -m pip: /);
    assert.match(
      other.err,
      /fix: install Python 3 with pip \(or uv\) and run again, or fetch it yourself/,
    );
  },
});
