import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { Crate, Entity } from "../../../results/export/crate.ts";
import { withDatabase } from "../../../results/database/database.ts";
import { exportCommand, type ExportRequest } from "../../../results/export/export.ts";
import { queryDatabase } from "../../../results/queries/sql.ts";
import { rebuildDatabase } from "../../../results/database/reconcile.ts";
import { readColumns } from "../../../results/database/row_writer.ts";
import { storedExperiment, storeResults } from "../../support/stored_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy } from "../../support/toy_command.ts";

const noWarning = { warn: (line: string): void => assert.fail(line) };

function filled() {
  const folder = temporaryFolder();
  const root = `${folder.path}/my results`;
  storeResults(root);
  const exportTo = (name: string, more: Partial<ExportRequest> = {}) =>
    exportCommand(
      root,
      { folder: `${folder.path}/${name}`, withArtifacts: false, ...more },
      noWarning,
    );
  return Object.assign(folder, { root, exportTo });
}

/** Path -> SHA-256 of every file below a folder. */
function filesIn(folder: string, below = ""): Map<string, string> {
  const files = new Map<string, string>();
  for (const { name, isDirectory } of Deno.readDirSync(`${folder}/${below}`)) {
    const path = `${below}${name}`;
    if (isDirectory) { for (const entry of filesIn(folder, `${path}/`)) files.set(...entry); }
    else files.set(path, sha256(Deno.readFileSync(`${folder}/${path}`)));
  }
  return new Map([...files].sort());
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const readCrate = (folder: string): Crate =>
  JSON.parse(Deno.readTextFileSync(`${folder}/ro-crate-metadata.json`));

/** Violations of RO-Crate 1.1 and Process Run Crate 0.5, as far as they are checked. */
function faults(folder: string): string[] {
  const { "@context": context, "@graph": graph } = readCrate(folder);
  const byId = new Map(graph.map((entity) => [entity["@id"], entity]));
  const found: string[] = [];
  const claim = (holds: boolean, fault: string) => {
    if (!holds) found.push(fault);
  };
  const typesOf = (entity: Entity | undefined) => [entity?.["@type"] ?? []].flat();
  claim(context[0] === "https://w3id.org/ro/crate/1.1/context", "context");
  claim(byId.size === graph.length, "two entities with one @id");
  const descriptor = byId.get("ro-crate-metadata.json");
  claim(descriptor?.["@type"] === "CreativeWork", "descriptor's type");
  assert.deepEqual(descriptor?.["about"], { "@id": "./" });
  assert.deepEqual(descriptor?.["conformsTo"], { "@id": "https://w3id.org/ro/crate/1.1" });
  const root = byId.get("./");
  claim(root?.["@type"] === "Dataset", "root's type");
  for (const property of ["name", "description", "datePublished", "license", "hasPart"]) {
    claim(root?.[property] !== undefined, `root without ${property}`);
  }
  claim(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(String(root?.["datePublished"])), "datePublished");
  const referred = new Set<string>();
  for (const entity of graph) {
    const id = entity["@id"];
    claim(typesOf(entity).length > 0, `${id} has no type`);
    claim(!/[ \\]/.test(id), `${id} is not a URL`);
    for (const [property, value] of Object.entries(entity)) {
      for (const one of [value].flat()) {
        if (typeof one !== "object" || one === null) continue;
        assert.deepEqual(Object.keys(one), ["@id"], `${id}: ${property} is not flat`);
        const to = (one as Entity)["@id"];
        referred.add(to);
        claim(byId.has(to) || to === "https://w3id.org/ro/crate/1.1", `${id} refers to ${to}`);
      }
    }
  }
  for (const entity of graph) {
    const id = entity["@id"];
    claim(referred.has(id) || id === "ro-crate-metadata.json", `nothing refers to ${id}`);
    const types = typesOf(entity);
    const path = `${folder}/${decodeURIComponent(id)}`;
    if (types.includes("File")) {
      const bytes = Deno.readFileSync(path);
      claim(entity["contentSize"] === String(bytes.length), `size of ${id}`);
      claim(entity["sha256"] === sha256(bytes), `digest of ${id}`);
    }
    if (types.includes("Dataset")) claim(Deno.statSync(path).isDirectory, `folder ${id}`);
    if (types.includes("CreateAction")) {
      for (const property of ["name", "startTime", "endTime", "instrument", "object", "result"]) {
        claim(entity[property] !== undefined, `${id} without ${property}`);
      }
      const instrument = byId.get((entity["instrument"] as Entity)["@id"]);
      claim(typesOf(instrument).includes("SoftwareApplication"), `instrument of ${id}`);
    }
  }
  const described = new Set(graph.map((entity) => decodeURIComponent(entity["@id"])));
  for (const path of filesIn(folder).keys()) claim(described.has(path), `${path} is not described`);
  return found;
}

Deno.test("an export is a crate that describes every file and run, with and without artifacts", async () => {
  using folder = filled();
  assert.match(
    await folder.exportTo("plain"),
    /^wrote \/.*plain: 21 tables, 75 runs, 2 requests; 102 files, \d+ kB\n$/,
  );
  await folder.exportTo("whole", { withArtifacts: true, license: "https://example.org/licence" });
  assert.deepEqual(faults(`${folder.path}/plain`), []);
  assert.deepEqual(faults(`${folder.path}/whole`), []);
  const { "@graph": graph } = readCrate(`${folder.path}/whole`);
  const action = graph.find(({ name, startTime }) =>
    name === "recall[alignment=none,seed=1]" && String(startTime) < "2026-01-01T00:00:49"
  )!;
  const byId = new Map(graph.map((entity) => [entity["@id"], entity]));
  const names = (property: string) =>
    [action[property]].flat().map((one) => byId.get((one as Entity)["@id"])!["name"]);
  assert.deepEqual(names("object"), [
    "model of tuned[alignment=none,seed=1]",
    "features of features",
    "split",
  ]);
  assert.deepEqual(names("result"), ["recall of recall[alignment=none,seed=1]"]);
  assert.deepEqual(names("instrument"), ["evaluate"]);
  assert.equal(action["startTime"], "2026-01-01T00:00:14.000+00:00");
  assert.equal(action["endTime"], "2026-01-01T00:00:14.500+00:00");
});

/** Numbers of rows that only one of two relations has. */
async function differences(connection: DuckDBConnection, one: string, other: string) {
  const reader = await connection.runAndReadAll(
    `SELECT (SELECT count(*) FROM (FROM ${one} EXCEPT ALL FROM ${other})),
       (SELECT count(*) FROM (FROM ${other} EXCEPT ALL FROM ${one})),
       (SELECT count(*) FROM ${one})`,
  );
  return reader.getRows()[0]!.map(Number);
}

Deno.test("the Parquet files contain the tables, with the same names and types", async () => {
  using folder = filled();
  await folder.exportTo("a 'quoted' name");
  await withDatabase(folder.root, async (connection) => {
    const columns = await readColumns(connection);
    // The state of the folder's own files is not a result.
    assert.ok(columns.has("source_file"));
    const tables = [...columns].filter(([table]) => table !== "source_file");
    let rows = 0;
    for (const [table, expected] of tables) {
      const file = `${folder.path}/a 'quoted' name/tables/${table}.parquet`.replaceAll("'", "''");
      const described = await connection.runAndReadAll(`DESCRIBE FROM '${file}'`);
      assert.deepEqual(
        described.getRows().map(([name, type]) => ({ name, type })),
        expected,
        table,
      );
      const [lost, made, count] = await differences(connection, table, `'${file}'`);
      assert.deepEqual([lost, made], [0, 0], table);
      rows += count!;
    }
    assert.ok(rows > 1000);
  }, { readOnly: true });
});

Deno.test("two exports of the same results are equal byte by byte, even after a rebuild of the database", async () => {
  using folder = filled();
  await folder.exportTo("one", { withArtifacts: true });
  await rebuildDatabase(folder.root);
  await folder.exportTo("two", { withArtifacts: true });
  assert.deepEqual(filesIn(`${folder.path}/two`), filesIn(`${folder.path}/one`));
});

Deno.test("an export with artifacts is a results folder that gives the same answers", async () => {
  using folder = filled();
  await folder.exportTo("whole", { withArtifacts: true });
  const ask = (root: string) =>
    queryDatabase(
      root,
      "SELECT * FROM ablation AS a JOIN stage_run USING (run) ORDER BY ALL",
      { format: "csv", width: 80, ...noWarning },
    );
  assert.equal(await ask(`${folder.path}/whole`), await ask(folder.root));
});

Deno.test("an export of one experiment contains its runs and nothing else", async () => {
  using folder = filled();
  const { code, err } = await runToy(
    ["run", new URL("../../support/toy.yaml", import.meta.url).pathname, "--results", folder.root]
      .concat(["--set", "tuned.seed=[1]", "--set", "tuned.alignment=[none]"]),
  );
  assert.equal(code, 0, err);
  await folder.exportTo("toy", { experiment: "toy" });
  await folder.exportTo("both");
  assert.deepEqual(faults(`${folder.path}/toy`), []);
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const list = async (name: string, query: string) =>
    (await connection.runAndReadAll(query.replaceAll("tables/", `${folder.path}/${name}/tables/`)))
      .getRows().map(([value]) => value);
  const experiments = "SELECT DISTINCT name FROM 'tables/experiment.parquet' ORDER BY ALL";
  assert.deepEqual(await list("toy", experiments), ["toy"]);
  assert.deepEqual(await list("both", experiments), [storedExperiment, "toy"]);
  const runs = "SELECT kind FROM 'tables/stage_run.parquet' ORDER BY ALL";
  assert.deepEqual(await list("toy", runs), ["toy_evaluate", "toy_numbers", "toy_train"]);
  assert.equal((await list("both", runs)).length, 78);
  connection.closeSync();
  instance.closeSync();
  const files = [...filesIn(`${folder.path}/toy/experiments`).keys()];
  assert.equal(files.length, 1);
  assert.equal(
    Deno.readTextFileSync(`${folder.path}/toy/experiments/${files[0]}`),
    Deno.readTextFileSync(new URL("../../support/toy.yaml", import.meta.url)),
  );
});

Deno.test("a failed export leaves nothing behind", async () => {
  using folder = filled();
  const { path } = folder;
  const errorOf = (name: string, more: Partial<ExportRequest> = {}) =>
    folder.exportTo(name, more).then(() => "", String);
  Deno.mkdirSync(`${path}/full/inner`, { recursive: true });
  assert.equal(
    await errorOf("full"),
    "error: the folder for the export is not empty\n" +
      `  --> ${path}/full\nfix: give a new or an empty folder`,
  );
  assert.equal(
    await errorOf("out", { experiment: "scenes_iias" }),
    "error: there is no experiment `scenes_iias` in this results folder\n" +
      "fix: did you mean `scenes_iais`?",
  );
  const [file] = filesIn(folder.root).keys().filter((name) => name.endsWith("artifact/made.json"));
  Deno.writeTextFileSync(`${folder.root}/${file}`, "{}");
  assert.match(
    await errorOf("out", { withArtifacts: true }),
    /^error: a file of \S+ differs from its manifest\n {2}--> .*made.json\nfix: run its experiment with --verify, /,
  );
  const left = Array.from(Deno.readDirSync(path), ({ name }) => name).sort();
  assert.deepEqual(left, ["full", "my results"]);
  Deno.removeSync(`${path}/full/inner`);
  assert.match(await folder.exportTo("full"), /^wrote .*full: /);
});

Deno.test("the export command reads its options and reports a failed run as failed", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/e.yaml`;
  const results = ["--results", `${folder.path}/results`];
  Deno.writeTextFileSync(
    file,
    "name: x\nseed: 1\nstages:\n  numbers: { use: toy_numbers, fail: complaint }\n",
  );
  await runToy(["run", file, ...results]);
  const { code, out, err } = await runToy(["export", `${folder.path}/out`, ...results]);
  assert.equal(code, 0, err);
  assert.match(out, /^wrote .*out: \d+ tables, 1 run, 1 request; \d+ files, .*\n$/);
  const actions = readCrate(`${folder.path}/out`)["@graph"]
    .filter((entity) => entity["@type"] === "CreateAction");
  assert.deepEqual(actions.map(({ name, actionStatus }) => [name, actionStatus]), [
    ["numbers", "http://schema.org/FailedActionStatus"],
  ]);
  const nowhere = await runToy(["export", ...results]);
  assert.equal(nowhere.code, 2);
  assert.equal(
    nowhere.err,
    "error: `export` needs a folder to make\nfix: for example: deno task export /tmp/results_export\n",
  );
});
