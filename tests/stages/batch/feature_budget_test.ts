import assert from "node:assert/strict";
import { featureBudget } from "../../../stages/batch/feature_budget.ts";

Deno.test("on a GPU, features may take half of its memory, whatever the host has", () => {
  const gpu = { deviceKind: "GPU", deviceBytes: 140e9, threads: 1 };
  assert.equal(featureBudget(gpu), 70e9);
});

Deno.test("on a CPU, the part of the host's free memory that a stage has of the cores", () => {
  const cores = navigator.hardwareConcurrency;
  const budget = (threads: number) =>
    featureBudget({ deviceKind: "CPU", deviceBytes: 2 ** 28, threads });
  const { total } = Deno.systemMemoryInfo();
  assert.ok(budget(cores) > 0 && budget(cores) <= total / 2);
  assert.ok(budget(100 * cores) <= total / 2, "no more than all cores");
  // What is free changes between two looks, but hardly to a third of it.
  if (cores > 1) assert.ok(budget(1) * cores < 3 * budget(cores));
});
