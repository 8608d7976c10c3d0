import assert from "node:assert/strict";
import fc from "fast-check";
import type { Scalar } from "../../../pipeline/contract/stage.ts";
import { bestOf, chooseModel } from "../../../stages/evaluate/chosen_model.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

type Row = Readonly<Record<string, Scalar>>;

Deno.test("bestOf() takes the best number, and the first of equal ones", () => {
  assert.equal(bestOf([0.2, 0.5, 0.5, 0.1], "highest"), 1);
  assert.equal(bestOf([0.2, 0.5, 0.1, 0.1], "lowest"), 2);
  assert.equal(bestOf([NaN, -Infinity, 0.1], "lowest"), 2);
  assert.equal(bestOf([NaN, Infinity], "highest"), undefined);
  fc.assert(fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1 }), (values) => {
    assert.equal(bestOf(values, "highest"), values.indexOf(Math.max(...values)));
    assert.equal(bestOf(values, "lowest"), values.indexOf(Math.min(...values)));
  }));
});

/** Chooses among candidates with weights 0.5, 2 and 8, whose evaluations recorded these values. */
async function chosen(
  values: readonly (number | string)[],
  { metric = "t2i_r1", split = "val" } = {},
) {
  using folder = temporaryFolder();
  const weights = [0.5, 2, 8];
  const write = async (path: string, text: string) => {
    const file = `${folder.path}/${path}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, text);
  };
  const inputs: Record<string, { folder: string; key: string; files: Record<string, string> }> = {};
  for (const [place, weight] of weights.entries()) {
    await write(`from${place}/model.safetensors`, `weights ${weight}`);
    await write(`from${place}/more/config.json`, "{}");
    await write(`from${place}/rows/training_step.jsonl`, '{"step":1}\n');
    await write(
      `by${place}/rows/metric.jsonl`,
      [["i2t_r1", "val", 0], ["t2i_r1", "test", place], ["t2i_r1", "val", values[place]]]
        .map(([name, split, value]) => `${JSON.stringify({ name, split, value })}\n`).join(""),
    );
    for (const port of ["from", "by"]) {
      inputs[`${port}[alignment_weight=${weight}]`] = {
        folder: `${folder.path}/${port}${place}`,
        key: "",
        files: {},
      };
    }
  }
  await Deno.mkdir(`${folder.path}/out`);
  const rows: Row[] = [];
  const metrics: Row[] = [];
  const lines: string[] = [];
  const candidates = weights.map((weight) => ({ alignment_weight: weight }));
  await chooseModel({
    parameters: { metric, split, take: "highest", ...{ candidates } },
    inputs,
    files: {},
    folder: `${folder.path}/out`,
    resumeFolder: "",
    record: {
      row: (table, row) => void rows.push({ table, ...row }),
      metric: (name, value, where) => void metrics.push({ name, value, ...where }),
      measurement() {},
      retain() {},
    },
    progress: { report() {}, say: (line) => void lines.push(line) },
    threads: 1,
    signal: new AbortController().signal,
  });
  const out = (name: string) => Deno.readTextFileSync(`${folder.path}/out/${name}`);
  return {
    model: out("model.safetensors"),
    config: out("more/config.json"),
    names: [...Deno.readDirSync(`${folder.path}/out`)].map(({ name }) => name).sort(),
    rows,
    metrics,
    lines,
  };
}

Deno.test("the best candidate's model is copied without its rows, and all candidates are recorded", async () => {
  const { model, config, names, rows, metrics, lines } = await chosen([0.25, 0.75, 0.5]);
  assert.deepEqual([model, config, names], ["weights 2", "{}", ["model.safetensors", "more"]]);
  const common = { table: "choice", metric: "t2i_r1", split: "val" };
  assert.deepEqual(rows, [
    { ...common, position: 1, point: "alignment_weight=0.5", value: 0.25, chosen: false },
    { ...common, position: 2, point: "alignment_weight=2", value: 0.75, chosen: true },
    { ...common, position: 3, point: "alignment_weight=8", value: 0.5, chosen: false },
  ]);
  assert.deepEqual(metrics, [{ name: "chosen_alignment_weight", value: 2, split: "val" }]);
  assert.deepEqual(lines, ["chose alignment_weight=2: t2i_r1 0.75 on val"]);
});

Deno.test("a candidate without a number is never chosen; without any number the choice fails", async () => {
  assert.equal((await chosen(["NaN", 0.1, 0.1])).model, "weights 2");
  await assert.rejects(
    chosen(["NaN", "Infinity", "NaN"]),
    (error) =>
      String(error) === "error: `t2i_r1` on `val` is not a number for any candidate\n" +
          "fix: look at the trainings: their losses may have become infinite",
  );
});

Deno.test("a metric that the evaluation did not record is reported with a suggestion", async () => {
  const text = async (options: { metric?: string; split?: string }) =>
    await chosen([1, 2, 3], options).then(() => "", String);
  assert.equal(
    await text({ metric: "t2i_r10" }),
    "error: the evaluation to choose by has no metric `t2i_r10` on `val`\n" +
      "fix: did you mean `t2i_r1`?",
  );
  assert.match(await text({ metric: "loss" }), /fix: its metrics are i2t_r1, t2i_r1$/);
  assert.match(
    await text({ split: "dev" }),
    /fix: it has metrics on val, test; set `split` of both stages to the same$/,
  );
});
