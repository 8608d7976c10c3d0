import assert from "node:assert/strict";
import { visibleGpus } from "../../../../stages/tensorflow/library/gpus.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

/** The visible GPUs where the driver shows these files, with CUDA_VISIBLE_DEVICES. */
function visible(files: readonly string[], value: string | undefined): string[] {
  using folder = temporaryFolder();
  for (const name of files) Deno.writeTextFileSync(`${folder.path}/${name}`, "");
  return visibleGpus({ get: () => value }, { devices: folder.path });
}

const four = ["nvidia0", "nvidia1", "nvidia2", "nvidia3", "nvidiactl", "nvidia-uvm", "null"];

Deno.test("without CUDA_VISIBLE_DEVICES, all GPUs are visible, by their numbers", () => {
  assert.deepEqual(visible(four, undefined), ["0", "1", "2", "3"]);
  assert.deepEqual(visible(["nvidiactl", "null"], undefined), []);
  assert.deepEqual(visible(["dxg", "null"], undefined), ["0"]);
  assert.deepEqual(visibleGpus({ get: () => undefined }, { devices: "/nowhere" }), []);
});

Deno.test("a container with /dev/nvidia3 alone has one GPU, which CUDA numbers 0", () => {
  assert.deepEqual(visible(["nvidia3", "nvidiactl"], undefined), ["0"]);
  assert.deepEqual(visible(["nvidia3", "nvidiactl"], "0"), ["0"]);
  assert.deepEqual(visible(["nvidia3", "nvidiactl"], "3"), []);
});

Deno.test("CUDA_VISIBLE_DEVICES names the GPUs that are left, by number or UUID, in its order", () => {
  assert.deepEqual(visible(four, "3,1"), ["3", "1"]);
  assert.deepEqual(visible(four, " 2 , 0 "), ["2", "0"]);
  const uuids = ["GPU-8f1c03a2", "MIG-GPU-8f1c/1/0"];
  assert.deepEqual(visible(four, uuids.join()), uuids);
  assert.deepEqual(visible([], uuids.join()), []);
});

Deno.test('"" leaves no GPU, and those from the first name on that is none are left out', () => {
  for (const none of ["", " ", "-1", "-1,0", "NoDevFiles", ",0", "4"]) {
    assert.deepEqual(visible(four, none), [], none);
  }
  assert.deepEqual(visible(four, "0,-1,2"), ["0"]);
  assert.deepEqual(visible(four, "1,7,2"), ["1"]);
});
