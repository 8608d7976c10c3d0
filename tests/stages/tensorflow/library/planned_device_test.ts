import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { requirePlannedDevice } from "../../../../stages/tensorflow/library/planned_device.ts";

const cpu = { name: "/job:localhost/replica:0/task:0/device:CPU:0", kind: "CPU" };
const gpu = { name: "/job:localhost/replica:0/task:0/device:GPU:0", kind: "GPU" };

/** The error where these devices are found; "" if there is none. */
function errorOf(found: readonly (typeof cpu)[], variables: Record<string, string>): string {
  const environment = new Map(Object.entries(variables));
  try {
    requirePlannedDevice(found, { libraryPath: "/lib/libtensorflow_cc.so.2", environment });
    return "";
  } catch (error) {
    assert.ok(error instanceof Complaint);
    assert.equal(error.options.exitCode, 1);
    return String(error);
  }
}

Deno.test("the device that was planned computes, or the stage stops", () => {
  assert.equal(errorOf([cpu], { IAIS_DEVICE: "cpu" }), "");
  assert.equal(errorOf([cpu, gpu], { IAIS_DEVICE: "gpu" }), "");
  // A build for GPUs without a driver, or without NVIDIA's libraries.
  assert.equal(
    errorOf([cpu], { IAIS_DEVICE: "gpu", CUDA_VISIBLE_DEVICES: "1" }),
    "error: the stage was planned for a GPU, but TensorFlow found none " +
      '(CUDA_VISIBLE_DEVICES is "1")\n' +
      "  --> /lib/libtensorflow_cc.so.2\n" +
      "fix: TensorFlow's reason is in the log of the stage; check the driver with nvidia-smi. " +
      "To compute on the processor, under other keys, run with CUDA_VISIBLE_DEVICES= (empty)",
  );
  // A build that was not known to be one for GPUs.
  assert.equal(
    errorOf([cpu, gpu], { IAIS_DEVICE: "cpu" }),
    `error: the stage was planned for the processor, but TensorFlow found a GPU (${gpu.name})\n` +
      "  --> /lib/libtensorflow_cc.so.2\n" +
      "fix: run with CUDA_VISIBLE_DEVICES= (empty) to compute on the processor; to compute on the " +
      "GPU, use the build that this command fetches: deno task setup --gpu",
  );
});

Deno.test("a process without a plan, such as a search, computes on what there is", () => {
  assert.equal(errorOf([cpu], {}), "");
  assert.equal(errorOf([cpu, gpu], {}), "");
});
