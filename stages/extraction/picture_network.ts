/** The pretrained backbone for photos, with its weights on the device. */
import * as tf from "@tensorflow/tfjs-core";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { readCheckpoint } from "../model/checkpoint/checkpoint.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import type { CompileOptions } from "../tensorflow/programs/compile.ts";
import {
  type BackboneTensors,
  backboneTensors,
  type Convolutions,
  foldBackbone,
} from "../vision/efficientnet.ts";
import { efficientnetLite0 } from "../vision/pretrained_packages.ts";

export interface PictureNetwork extends Disposable {
  readonly compute: Compute;
  readonly tensors: BackboneTensors;
  /** How its convolutions are computed, and its programs compiled. */
  readonly convolutions: Convolutions;
  readonly compiling: Pick<CompileOptions, "xla" | "fuses">;
}

/**
 * On a CPU, oneDNN's convolutions are used, which are faster than what XLA makes of them.
 *
 * @param options.backbone folder of the package with the network's weights
 * @param options.xla whether XLA compiles its programs on other devices
 */
export async function pictureNetwork(
  compute: Compute,
  { backbone, xla }: { readonly backbone: string; readonly xla: boolean },
): Promise<PictureNetwork> {
  const file = `${backbone}/${efficientnetLite0.files[0].split("/").at(-1)}`;
  const weights = await readCheckpoint(file);
  const tensors = backboneTensors(foldBackbone((name) => {
    const tensor = weights[name];
    if (tensor === undefined) {
      throw new Complaint(
        `the backbone is missing tensor \`${name}\``,
        "delete the package's folder; it will be fetched again",
        { place: { file }, exitCode: 1 },
      );
    }
    return tensor;
  }));
  return {
    compute,
    tensors,
    ...(compute.deviceKind === "CPU"
      ? { convolutions: "library", compiling: { xla: false, fuses: true } }
      : { convolutions: "loops", compiling: { xla } }),
    [Symbol.dispose]: () => tf.dispose(tensors as unknown as tf.TensorContainer),
  };
}
