/**
 * TensorBoard's own reader finds the numbers of the database. Python is $PYTHON or `python3`; that
 * test is skipped if it has no tensorboard.
 */
import assert from "node:assert/strict";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { readResults, rowsOf } from "../../../results/database/read_results.ts";
import { rebuildDatabase } from "../../../results/database/reconcile.ts";
import { tensorboardCommand } from "../../../results/tensorboard/tensorboard_command.ts";
import { storedExperiment, storeResults } from "../../support/stored_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const warn = (line: string) => assert.fail(line);
const python = Deno.env.get("PYTHON") ?? "python3";

function hasTensorboard(): boolean {
  try {
    const args = ["-c", "import tensorboard"];
    return new Deno.Command(python, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}
const ignore = !hasTensorboard();
if (ignore) console.warn(`no tensorboard in ${python} (set PYTHON): its reader is not tested`);

async function stored(root: string): Promise<void> {
  storeResults(root);
  await rebuildDatabase(root);
}

Deno.test("every run with curves or metrics has its own folder", async () => {
  using folder = temporaryFolder();
  const root = `${folder.path}/results`;
  await stored(root);
  const out = `${folder.path}/curves`;
  const said = await tensorboardCommand(root, { folder: out, experiment: storedExperiment }, {
    warn,
  });
  const runs = await readResults(root, (connection) =>
    rowsOf<{ name: string }>(
      connection,
      `SELECT DISTINCT e.label || ' ' || left(e.run, 8) AS name FROM experiment_run AS e
       WHERE e.run IN (SELECT run FROM training_step UNION SELECT run FROM metric
         UNION SELECT run FROM validation)`,
    ), { warn });
  const folders = Array.from(Deno.readDirSync(out), ({ name }) => name).sort();
  assert.deepEqual(folders, runs.map(({ name }) => name).sort());
  assert.ok(folders.some((name) => name.startsWith("tuned[")));
  for (const name of folders) {
    const files = Array.from(Deno.readDirSync(`${out}/${name}`), (file) => file.name);
    assert.match(files.join(), /^events\.out\.tfevents\.\d+\.[0-9a-f]{8}$/);
  }
  assert.match(said, /view them with: tensorboard --logdir /);

  const again = `${folder.path}/again`;
  await tensorboardCommand(root, { folder: again, experiment: storedExperiment }, { warn });
  for (const name of folders) {
    const [file] = Array.from(Deno.readDirSync(`${out}/${name}`), (file) => file.name);
    assert.deepEqual(
      Deno.readFileSync(`${again}/${name}/${file}`),
      Deno.readFileSync(`${out}/${name}/${file}`),
    );
  }
  await assert.rejects(
    tensorboardCommand(root, { folder: out }, { warn }),
    (error) => error instanceof Complaint && /not empty/.test(error.what),
  );
  await assert.rejects(
    tensorboardCommand(root, { folder: `${folder.path}/none`, experiment: "nobody" }, { warn }),
    Complaint,
  );
  assert.ok(!Array.from(Deno.readDirSync(folder.path), ({ name }) => name).includes("none"));
});

const reader = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1])
events.Reload()
print(json.dumps({tag: [[e.step, repr(e.value)] for e in events.Scalars(tag)]
                  for tag in events.Tags()["scalars"]}))
`;

Deno.test({
  name: "TensorBoard's own reader finds every number of a run",
  ignore,
  async fn() {
    using folder = temporaryFolder();
    const root = `${folder.path}/results`;
    await stored(root);
    const out = `${folder.path}/curves`;
    await tensorboardCommand(root, { folder: out, experiment: storedExperiment }, { warn });
    const losses = await readResults(
      root,
      (connection) =>
        rowsOf<{ name: string; step: number; loss: number }>(
          connection,
          `SELECT DISTINCT e.label || ' ' || left(e.run, 8) AS name, step, loss FROM training_step
         JOIN experiment_run AS e USING (run) ORDER BY name, step`,
        ),
      { warn },
    );
    assert.ok(losses.length > 0);
    for (const [name, rows] of Map.groupBy(losses, ({ name }) => name)) {
      const { stdout, stderr, success } = new Deno.Command(python, {
        args: ["-c", reader, `${out}/${name}`],
      }).outputSync();
      assert.ok(success, new TextDecoder().decode(stderr));
      const scalars = JSON.parse(new TextDecoder().decode(stdout));
      const expected = rows.map(({ step, loss }) => [step, Math.fround(loss)]);
      const found = scalars["train/loss"].map(([step, value]: [number, string]) => [
        step,
        value === "inf" ? Infinity : Number(value), // as Python writes them
      ]);
      assert.deepEqual(found, expected);
    }
  },
});
