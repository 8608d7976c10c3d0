/**
 * The device that a stage was planned for, which is part of its key, and whether TensorFlow computes on
 * it. Whether there is a GPU is planned without opening the library, so TensorFlow may find otherwise.
 */
import { Complaint } from "../../../pipeline/contract/complaint.ts";

export type DeviceKind = "cpu" | "gpu";

/** Names the planned device to the process of a stage. Other processes compute on what there is. */
export const plannedDeviceVariable = "IAIS_DEVICE";

/**
 * @param found the devices that TensorFlow found, as it names them
 * @throws Complaint if they differ from the planned one
 */
export function requirePlannedDevice(
  found: readonly { readonly name: string; readonly kind: string }[],
  { libraryPath, environment = Deno.env }: {
    readonly libraryPath: string;
    readonly environment?: Pick<typeof Deno.env, "get">;
  },
): void {
  const planned = environment.get(plannedDeviceVariable);
  const gpu = found.find(({ kind }) => kind === "GPU");
  if (planned === "gpu" && gpu === undefined) {
    const visible = environment.get("CUDA_VISIBLE_DEVICES");
    throw new Complaint(
      "the stage was planned for a GPU, but TensorFlow found none" +
        (visible === undefined ? "" : ` (CUDA_VISIBLE_DEVICES is ${JSON.stringify(visible)})`),
      "TensorFlow's reason is in the log of the stage; check the driver with nvidia-smi. " +
        "To compute on the processor, under other keys, run with CUDA_VISIBLE_DEVICES= (empty)",
      { place: { file: libraryPath }, exitCode: 1 },
    );
  }
  if (planned === "cpu" && gpu !== undefined) {
    throw new Complaint(
      `the stage was planned for the processor, but TensorFlow found a GPU (${gpu.name})`,
      "run with CUDA_VISIBLE_DEVICES= (empty) to compute on the processor; to compute on the GPU, " +
        "use the build that this command fetches: deno task setup --gpu",
      { place: { file: libraryPath }, exitCode: 1 },
    );
  }
}
