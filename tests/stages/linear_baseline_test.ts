import assert from "node:assert/strict";
import { initialiseModel } from "../../stages/initialise_model.ts";
import { linearBaseline } from "../../stages/linear_baseline.ts";
import { namedPictures } from "../support/named_pictures.ts";
import { digestsBelow, runStage } from "../support/stage_context.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { testCompute } from "../support/compute.ts";

Deno.test("the baseline finds pairs that it was not fitted on, and two runs write the same bytes", async () => {
  using root = temporaryFolder();
  await testCompute();
  const features = `${root.path}/features`;
  await namedPictures(features);
  const size = { seed: 1, hidden: 32, layers: 1, heads: 2, initializer_range: 0.3 };
  const text = `${root.path}/text`;
  await runStage({ stage: initialiseModel, parameters: size, inputs: { features }, folder: text });
  const run = (name: string) =>
    runStage({
      stage: linearBaseline,
      parameters: { image_ridge: 0.01, text_ridge: 0.01 },
      inputs: { features, text },
      folder: `${root.path}/${name}`,
    });
  const rows = await run("first");
  const metric = (name: string) =>
    rows.get("metric")!.find((row) => row["name"] === name)!["value"];
  assert.deepEqual([metric("i2t_r1"), metric("t2i_r1")], [1, 1]);
  assert.equal(rows.get("query_rank")!.length, 12);
  await run("again");
  assert.deepEqual(
    await digestsBelow(`${root.path}/again`),
    await digestsBelow(`${root.path}/first`),
  );
});
