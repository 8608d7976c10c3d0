import assert from "node:assert/strict";
import { gpuText } from "../../../pipeline/run/gpu_text.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const version =
  "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Fri Jan 24 2025\nGCC version: 12\n";

Deno.test("gpuText() reads models and driver as NVIDIA's driver shows them", () => {
  using folder = temporaryFolder();
  const text = () => gpuText([], undefined, folder.path);
  assert.equal(text(), undefined);
  for (const [bus, model] of [["0000:1a", "NVIDIA H200"], ["0000:3b", "NVIDIA H200"]] as const) {
    Deno.mkdirSync(`${folder.path}/gpus/${bus}`, { recursive: true });
    Deno.writeTextFileSync(
      `${folder.path}/gpus/${bus}/information`,
      `Model: \t\t ${model}\nIRQ:   \t\t 24\nGPU UUID: \t GPU-1\n`,
    );
  }
  assert.equal(text(), "NVIDIA H200");
  Deno.writeTextFileSync(`${folder.path}/version`, version);
  assert.equal(text(), "NVIDIA H200, driver 570.86.15");
});

Deno.test("a run records the kind of GPU that it was given, on a machine with two kinds", () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/version`, version);
  const described = ["NVIDIA H200, 139.8 GiB", "NVIDIA L4, 22.0 GiB", "NVIDIA L4, 22.0 GiB"];
  const text = (...gpus: number[]) => gpuText(described, gpus, folder.path);
  assert.equal(text(0), "NVIDIA H200, 139.8 GiB, driver 570.86.15");
  assert.equal(text(2), "NVIDIA L4, 22.0 GiB, driver 570.86.15");
  assert.equal(text(1, 2), text(2));
  assert.equal(
    gpuText(described, undefined, folder.path),
    "NVIDIA H200, 139.8 GiB and NVIDIA L4, 22.0 GiB, driver 570.86.15",
  );
});
