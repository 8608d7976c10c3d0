/** How to run a detector, and how to interpret its outputs. */

export interface DetectorOptions {
  /** Folder into which `onnxRuntimePackage` was fetched. */
  readonly runtime: string;
  /** Name of the output with boxes: [n, 4] or [1, n, 4]. */
  readonly boxes: string;
  /** Name of the output with scores: [n], [1, n], or one column per class, of which the largest is used. */
  readonly scores?: string;
  /** Name of the output with region features: [n, d] or [1, n, d]. */
  readonly features?: string;
  /** Name of the output with non-negative class scores: [n, classes] or [1, n, classes]; rows are normalised. */
  readonly classes?: string;
  /** Name of the input for the picture; required if there are several. */
  readonly input?: string;
  readonly layout: "nchw" | "nhwc";
  /** The picture is stretched to a square with this many pixels per side. */
  readonly side: number;
  /** For red, green, blue: the input is (pixel - mean) / scale, with pixels from 0 to 255. */
  readonly mean: readonly [number, number, number];
  readonly scale: readonly [number, number, number];
  /** Unit of boxes: pixels of the stretched picture, or fractions of it. */
  readonly coordinates: "pixels" | "fractions";
  /** Order of a box's numbers: corners, or centre, width and height. */
  readonly order: "xyxy" | "cxcywh" | "yxyx";
  /** Boxes with a lower score are omitted, except for the best one. */
  readonly threshold: number;
  /** Largest number of boxes, best first. */
  readonly max: number;
}

/** A detector and its options. */
export interface ConfiguredDetector {
  /** The ONNX file, which errors name. */
  readonly path: string;
  readonly options: DetectorOptions;
}
