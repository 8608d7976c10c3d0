import type { DetectorOptions } from "../vision/detector/onnx_detector.ts";

type Named = "scores" | "features" | "classes" | "input";

/** `DetectorOptions` but for the folder of the runtime and the most boxes. */
export type DetectionParameters =
  & Omit<DetectorOptions, "runtime" | "max" | "mean" | "scale" | Named>
  & { readonly [name in Named]?: string | undefined }
  & { readonly mean: readonly number[]; readonly scale: readonly number[] };

/** What `photo_features` is asked, after defaults; its node says what each means. */
export interface PhotoParameters {
  readonly test: number | string;
  readonly validation: number | string;
  /** Pixels. */
  readonly side: number;
  /** Sides at which the whole photo is looked at; without, the mean of the regions' map stands for it. */
  readonly views?: readonly number[] | undefined;
  readonly regions: "grid" | "proposals" | "objects";
  readonly grid: number;
  readonly max_regions: number;
  /** How the file of role `detector` is asked, where there is one. */
  readonly detection?: DetectionParameters | undefined;
  readonly cased: boolean;
  readonly max_text_length: number;
  readonly on_bad_image: "fail" | "skip";
  readonly xla: boolean;
}
