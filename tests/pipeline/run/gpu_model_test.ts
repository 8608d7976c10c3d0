import assert from "node:assert/strict";
import { gpuModel } from "../../../pipeline/run/gpu_model.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

Deno.test("gpuModel() reads models and driver as NVIDIA's driver shows them", () => {
  using folder = temporaryFolder();
  assert.equal(gpuModel(folder.path), undefined);
  for (const [bus, model] of [["0000:1a", "NVIDIA H200"], ["0000:3b", "NVIDIA H200"]] as const) {
    Deno.mkdirSync(`${folder.path}/gpus/${bus}`, { recursive: true });
    Deno.writeTextFileSync(
      `${folder.path}/gpus/${bus}/information`,
      `Model: \t\t ${model}\nIRQ:   \t\t 24\nGPU UUID: \t GPU-1\n`,
    );
  }
  assert.equal(gpuModel(folder.path), "NVIDIA H200");
  Deno.writeTextFileSync(
    `${folder.path}/version`,
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Fri Jan 24 2025\nGCC version: 12\n",
  );
  assert.equal(gpuModel(folder.path), "NVIDIA H200, driver 570.86.15");
});
