/** The pretrained backbone for photos, with its weights on the device. */
import * as tf from "@tensorflow/tfjs-core";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { readCheckpoint } from "../model/checkpoint/checkpoint.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import { type BackboneTensors, backboneTensors, foldBackbone } from "../vision/efficientnet.ts";
import { efficientnetLite0 } from "../vision/pretrained_packages.ts";

export interface PictureNetwork extends Disposable {
  readonly compute: Compute;
  readonly tensors: BackboneTensors;
  /** Whether its programs are compiled with XLA. */
  readonly xla: boolean;
}

/** @param options.backbone folder of the package with the network's weights */
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
    xla,
    [Symbol.dispose]: () => tf.dispose(tensors as unknown as tf.TensorContainer),
  };
}
