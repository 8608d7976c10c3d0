import assert from "node:assert/strict";
import { runToy } from "../../support/toy_command.ts";

Deno.test("setup fetches for the processor, or with --gpu for a GPU, and refuses anything else", async () => {
  assert.deepEqual(await runToy(["setup"]), { code: 0, out: "a toy needs nothing\n", err: "" });
  const gpu = await runToy(["setup", "--gpu"]);
  assert.deepEqual([gpu.code, gpu.out], [0, "a toy needs nothing, and no GPU\n"]);
  const typo = await runToy(["setup", "--gpus"]);
  assert.deepEqual([typo.code, typo.err], [
    2,
    "error: `setup` has no option `--gpus`\nfix: did you mean `--gpu`?\n",
  ]);
  const word = await runToy(["setup", "gpu"]);
  assert.deepEqual([word.code, word.err], [
    2,
    "error: unexpected argument `gpu`\n" +
    "fix: `setup` takes only options, for example: deno task setup --gpu\n",
  ]);
});
