import type { DetectorOptions } from "../vision/detector/detector_options.ts";

type Named = "scores" | "features" | "classes" | "input";

/** `DetectorOptions` without the folder of the runtime and the largest number of boxes. */
export type DetectionParameters =
  & Omit<DetectorOptions, "runtime" | "max" | "mean" | "scale" | Named>
  & { readonly [name in Named]?: string | undefined }
  & { readonly mean: readonly number[]; readonly scale: readonly number[] };

/** Parameters of `photo_features` with defaults applied; the stage's definition explains them. */
export interface PhotoParameters {
  readonly test: number | string;
  readonly validation: number | string;
  /** Pixels. */
  readonly side: number;
  /** Sizes at which the whole photo is described; without, the mean of the feature map is used. */
  readonly views?: readonly number[] | undefined;
  readonly regions: "grid" | "proposals" | "objects";
  readonly grid: number;
  readonly max_regions: number;
  /** Options of the file with role `detector`, if there is one. */
  readonly detection?: DetectionParameters | undefined;
  readonly cased: boolean;
  readonly max_text_length: number;
  readonly on_bad_image: "fail" | "skip";
  readonly xla: boolean;
}
