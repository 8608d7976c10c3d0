import assert from "node:assert/strict";
import { certificateOf } from "../../../pipeline/store/verification.ts";
import type { Manifest } from "../../../pipeline/store/manifest.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy, toyExperiment } from "../../support/toy_command.ts";

const set = ["--set", "tuned.seed=1", "--set", "tuned.alignment=none"];

function onlyFile(folder: string): string {
  return `${folder}/${[...Deno.readDirSync(folder)].map(({ name }) => name)[0]}`;
}

Deno.test("verify recomputes stored results, and keeps a certificate for each", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  const verify = (...args: string[]) =>
    runToy(["verify", toyExperiment, ...args, ...set, "--results", results]);
  const empty = await verify();
  assert.equal(empty.code, 1);
  assert.match(empty.err, /^error: none of the requested results is stored/);

  assert.equal((await runToy(["run", toyExperiment, ...set, "--results", results])).code, 0);
  const all = await verify();
  assert.equal(all.code, 0, all.out + all.err);
  assert.match(
    all.out,
    /^equal {2}numbers\n {2}key {6}[0-9a-f]{64}\n {2}digest {3}[0-9a-f]{64}\n/m,
  );
  assert.match(all.out, /^3 of 3 recomputed in .*: all bits equal$/m);
  assert.deepEqual([...Deno.readDirSync(`${results}/state/verify`)], []);

  const query = "SELECT label, verdict FROM certificate ORDER BY verified, label";
  const sql = () => runToy(["sql", query, "--format", "csv", "--results", results]);
  const rows = "label,verdict\r\nnumbers,equal\r\ntuned,equal\r\nrecall,equal\r\n";
  assert.equal((await sql()).out, rows);
  assert.equal((await runToy(["rebuild", "--results", results])).code, 0);
  assert.equal((await sql()).out, rows);

  const again = await verify("tuned");
  assert.match(again.out, /^1 of 1 recomputed/m);
  assert.equal([...Deno.readDirSync(`${results}/state/certificates`)].length, 4);
});

Deno.test("verify names the files that differ, and ends with 1", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  await runToy(["run", toyExperiment, ...set, "--results", results]);
  // The input is another one than the stored result was made from.
  const numbers = `${onlyFile(`${results}/artifacts/toy_numbers`)}/artifact/numbers.txt`;
  Deno.writeTextFileSync(numbers, Deno.readTextFileSync(numbers).replaceAll(/\d/g, "7"));
  const tuned = onlyFile(`${results}/artifacts/toy_train`);
  const before = Deno.readTextFileSync(`${tuned}/manifest.json`);
  const { code, out } = await runToy([
    "verify",
    toyExperiment,
    "tuned",
    ...set,
    "--results",
    results,
  ]);
  assert.equal(code, 1);
  assert.match(out, /^different {2}tuned\n(?:.*\n){3} {2}differs {2}model\.json\n/m);
  assert.match(out, /^1 of 1 recomputed in .*: 1 with a different result$/m);
  assert.equal(Deno.readTextFileSync(`${tuned}/manifest.json`), before, "what is stored stays");
});

Deno.test("a run can be named by the beginning of its key; --json prints certificates as objects", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  await runToy(["run", toyExperiment, ...set, "--results", results]);
  const key = onlyFile(`${results}/artifacts/toy_evaluate`).split("/").at(-1)!;
  const verify = (...args: string[]) =>
    runToy(["verify", toyExperiment, ...args, ...set, "--results", results]);
  const { out } = await verify(key.slice(0, 8), "--json");
  const events = out.trim().split("\n").map((line) => JSON.parse(line));
  const certificate = events.find(({ event }) => event === "report");
  assert.deepEqual([certificate.key, certificate.verdict, certificate.differing], [
    key,
    "equal",
    [],
  ]);
  assert.match(
    (await verify("0".repeat(9))).err,
    /^error: no key of the experiment begins with 0{9}\n/,
  );
  assert.match((await verify("tunde")).err, /did you mean `tuned`\?/);
});

Deno.test("a certificate names what differs on the machine that made the stored result", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  await runToy(["run", toyExperiment, ...set, "--results", results]);
  const file = `${onlyFile(`${results}/artifacts/toy_evaluate`)}/manifest.json`;
  const manifest = JSON.parse(Deno.readTextFileSync(file));
  const { versions } = manifest.circumstances;
  assert.match(versions.memory, /^\d+\.\d GiB$/);
  assert.ok(versions.processor.length > 0 && versions.system.startsWith(Deno.build.os));
  assert.equal(versions.cores, String(navigator.hardwareConcurrency));
  const verify = () => runToy(["verify", toyExperiment, "recall", ...set, "--results", results]);
  assert.doesNotMatch((await verify()).out, /with another/);
  versions.processor = "Abacus 1";
  Deno.writeTextFileSync(file, JSON.stringify(manifest));
  const { out, code } = await verify();
  assert.equal(code, 0);
  assert.match(
    out,
    /^ {2}on {7}.*\n {2}made {5}on .*\n {2}made {5}with another processor: Abacus 1$/m,
  );
});

Deno.test("a certificate names every file that differs or exists on one side only", () => {
  const manifest = (files: Record<string, string>) =>
    ({
      key: "k",
      digest: JSON.stringify(files),
      preimage: { stage: "s" },
      files: Object.entries(files).map(([path, sha256]) => ({ path, size: 1, sha256 })),
      circumstances: { seconds: 1, host: "h", versions: {} },
    }) as unknown as Manifest;
  const { verdict, differing } = certificateOf(
    manifest({ a: "1", b: "2", d: "4" }),
    manifest({ a: "1", b: "3", c: "5" }),
    { label: "l", time: "t" },
  );
  assert.deepEqual([verdict, differing], ["different", ["b", "c", "d"]]);
});
