import assert from "node:assert/strict";
import {
  type DeviceFacts,
  deviceFinding,
  unusedGpu,
} from "../../../stages/estimate/device_finding.ts";

const cpu: DeviceFacts = {
  ...{ device: "cpu", threads: 2, place: "fetched", isCudaBuild: false, missing: [] },
  ...{ visible: 0, there: 0, described: [], tf32: undefined },
};
const unused: DeviceFacts = { ...cpu, visible: 1, there: 1 };
const gpu: DeviceFacts = { ...unused, device: "gpu", isCudaBuild: true };

Deno.test("without a GPU, the processor computes, and hidden GPUs are mentioned", () => {
  assert.deepEqual(deviceFinding(cpu), {
    verdict: "ok",
    what: "it computes on the CPU, 2 threads",
  });
  assert.deepEqual(deviceFinding({ ...cpu, threads: 1, there: 4 }), {
    verdict: "ok",
    what: "it computes on the CPU, 1 thread; CUDA_VISIBLE_DEVICES leaves no GPU",
  });
  assert.equal(unusedGpu(cpu), undefined);
});

Deno.test("on a GPU, it is named, and TensorFloat-32 is off unless the user has switched it on", () => {
  const what = (facts: Partial<DeviceFacts>) => deviceFinding({ ...gpu, ...facts }).what;
  assert.equal(what({}), "it computes on a GPU, in float32 without TensorFloat-32");
  const described = ["NVIDIA H200, 139.8 GiB", "NVIDIA H200, 139.8 GiB"];
  assert.equal(
    what({ described, tf32: "0" }),
    "it computes on NVIDIA H200, 139.8 GiB, in float32 without TensorFloat-32",
  );
  assert.deepEqual(deviceFinding({ ...gpu, tf32: "1" }), {
    verdict: "note",
    what: "it computes on a GPU; NVIDIA_TF32_OVERRIDE is 1, so products in float32 may keep 10 " +
      "bits of 23",
    fix: "unset NVIDIA_TF32_OVERRIDE",
  });
  assert.equal(unusedGpu(gpu), undefined);
});

Deno.test("advice about a GPU that is not used takes effect: it is about the library that comes first", () => {
  const fix = (place: string) => deviceFinding({ ...unused, place }).fix;
  assert.deepEqual(deviceFinding(unused), {
    verdict: "note",
    what: "there is a GPU, but the library is a build for CPUs: it computes on 2 threads",
    fix: "fetch a build for GPUs with: deno task setup --gpu",
  });
  assert.equal(
    fix("Python environment VIRTUAL_ENV"),
    "install tensorflow[and-cuda] 2.21 in that environment, or deactivate it and run: " +
      "deno task setup --gpu",
  );
  assert.equal(
    fix("TENSORFLOW_LIBRARY"),
    "name a build for GPUs, or unset TENSORFLOW_LIBRARY and run: deno task setup --gpu",
  );
  // What setup fetches comes before the system's.
  assert.equal(fix("system Python"), fix("fetched"));
});

Deno.test("a build for GPUs that lacks libraries of NVIDIA names them", () => {
  const { what, fix } = unusedGpu({ ...unused, isCudaBuild: true, missing: ["cudnn", "cufft"] })!;
  assert.equal(
    what,
    "there is a GPU, but libraries that TensorFlow needs for it are not found (libcudnn, libcufft)",
  );
  assert.match(fix, /^name their folders with LD_LIBRARY_PATH, or install tensorflow\[and-cuda\]/);
});
