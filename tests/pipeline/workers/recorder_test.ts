import assert from "node:assert/strict";
import { fileRecorder } from "../../../pipeline/workers/recorder.ts";
import { resultTables } from "../../../results/database/result_tables.ts";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const foldersIn = (path: string) => ({ rows: `${path}/rows`, measurements: `${path}/log` });

Deno.test("rows are in the file when the call returns, non-finite numbers as texts", () => {
  using folder = temporaryFolder();
  const record = fileRecorder(foldersIn(folder.path), resultTables());
  record.row("training_step", { step: 1, loss: NaN, phase: null });
  record.metric("i2t_r1", 0.5, { split: "test" });
  record.metric("gold_coverage", 0.97);
  const read = (table: string) => Deno.readTextFileSync(`${folder.path}/rows/${table}.jsonl`);
  assert.equal(read("training_step"), '{"step":1,"loss":"NaN","phase":null}\n');
  assert.equal(
    read("metric"),
    '{"name":"i2t_r1","split":"test","value":0.5}\n' +
      '{"name":"gold_coverage","split":null,"value":0.97}\n',
  );
  record.close();
});

Deno.test("a resumed run drops rows after its checkpoint and a line that a kill cut off", () => {
  using folder = temporaryFolder();
  const first = fileRecorder(foldersIn(folder.path), resultTables());
  for (const step of [1, 2, 3]) {
    first.row("training_step", { step });
    first.measurement("training_step", { step });
  }
  first.close();
  const file = `${folder.path}/rows/training_step.jsonl`;
  Deno.writeTextFileSync(file, '{"step":', { append: true });
  const second = fileRecorder(foldersIn(folder.path), resultTables());
  second.retain("training_step", (row) => (row["step"] as number) <= 2);
  second.row("training_step", { step: 3 });
  second.close();
  assert.equal(Deno.readTextFileSync(file), '{"step":1}\n{"step":2}\n{"step":3}\n');
  assert.equal(
    Deno.readTextFileSync(`${folder.path}/log/training_step.jsonl`),
    '{"step":1}\n{"step":2}\n',
  );
});

Deno.test("retaining nothing leaves no file, as if no row had ever been written", () => {
  using folder = temporaryFolder();
  const record = fileRecorder(foldersIn(folder.path), resultTables());
  record.row("metric", { name: "a", split: null, value: 1 });
  record.retain("metric", () => false);
  assert.deepEqual([...Deno.readDirSync(`${folder.path}/rows`)], []);
});

Deno.test("a row that no table can store is refused with the line that recorded it", () => {
  using folder = temporaryFolder();
  const record = fileRecorder(foldersIn(folder.path), resultTables());
  const refused = (call: () => void) => {
    try {
      call();
    } catch (error) {
      assert.ok(error instanceof Complaint);
      const { place } = error.options;
      assert.equal(`file://${place!.file}`, import.meta.url);
      assert.ok(place!.line! > 1);
      return error.what;
    }
    return "it was recorded";
  };
  const rank = { direction: "i2t", query: "a", rank: 1 };
  assert.equal(
    refused(() => record.row("query_rank", { foo: 1 })),
    "a recorded row does not fit: column `direction` of table `query_rank` is missing",
  );
  assert.equal(
    refused(() => record.row("query_rank", { ...rank, foo: 1 })),
    "a recorded row does not fit: table `query_rank` has no column `foo`",
  );
  assert.equal(
    refused(() => record.row("query_rank", { ...rank, rank: 1.5 })),
    "a recorded row does not fit: column `rank` of table `query_rank` is a whole number, not 1.5",
  );
  assert.equal(
    refused(() => record.measurement("sped", { seconds: 1 })),
    "there is no result table `sped`",
  );
  // Tables that the pipeline itself fills are not for stages.
  assert.equal(
    refused(() => record.row("stage_run", { label: "x" })),
    "there is no result table `stage_run`",
  );
  const metric = record.metric as (...args: unknown[]) => void;
  assert.equal(
    refused(() => metric(1)),
    "a metric has a name and a number, and this one has 1, undefined",
  );
  assert.equal(refused(() => metric("i2t_r1", NaN)), "it was recorded");
  assert.equal(refused(() => record.row("query_rank", rank)), "it was recorded");
  record.close();
});
