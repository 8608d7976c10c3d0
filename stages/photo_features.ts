import * as v from "valibot";
import { defineStage, type OutsideFile } from "../pipeline/contract/stage.ts";
import { miniLm } from "./model/checkpoint/pretrained_packages.ts";
import { onnxRuntimePackage } from "./vision/detector/onnx_runtime.ts";
import { efficientnetLite0 } from "./vision/pretrained_packages.ts";

const path = v.pipe(v.string(), v.nonEmpty());
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const pixels = v.pipe(count, v.multipleOf(32), v.maxValue(1024));
const photos = v.pipe(v.number(), v.integer(), v.minValue(0));

const three = v.pipe(v.array(v.number()), v.length(3, "a number for red, green and blue"));
const notZero = v.pipe(three, v.check((list) => !list.includes(0), "numbers other than 0"));
const output = v.pipe(v.string(), v.nonEmpty());

/** How a user's own detector is asked, and which of its outputs are what. */
const detection = v.strictObject({
  /** Name of the output with boxes. */
  boxes: output,
  scores: v.optional(output),
  /** Region features; without, boxes are described by the picture network. */
  features: v.optional(output),
  /** How sure it is of each class: what `masked_region_classes` of `pretrain` learns from. */
  classes: v.optional(output),
  /** Name of its input, where it has several. */
  input: v.optional(output),
  layout: v.optional(v.picklist(["nchw", "nhwc"]), "nchw"),
  /** Pixels each way that it sees. */
  side: v.optional(v.pipe(count, v.maxValue(2048)), 640),
  /** It is given (pixel - mean) / scale, pixels being 0 to 255. */
  mean: v.optional(three, [0, 0, 0]),
  scale: v.optional(notZero, [255, 255, 255]),
  coordinates: v.optional(v.picklist(["pixels", "fractions"]), "pixels"),
  order: v.optional(v.picklist(["xyxy", "cxcywh", "yxyx"]), "xyxy"),
  threshold: v.optional(v.number(), 0.2),
});

const fields = v.strictObject({
  /** Folder of photos. */
  images: path,
  /** CSV with columns `image` (a file name) and `caption`. */
  captions: path,
  /** The last so many photos by name, or a file of names, one per line. */
  test: v.optional(v.union([photos, path]), 100),
  /** Likewise, before those of `test`: what recipes are chosen on. */
  validation: v.optional(v.union([photos, path]), 100),
  /** Photos are stretched to so many pixels in both directions. */
  side: v.optional(pixels, 224),
  /**
   * Sides at which the whole photo is looked at for its one vector, `side` at no cost; without, that is
   * the mean of the map at `side`.
   */
  views: v.optional(
    v.pipe(
      v.array(pixels),
      v.minLength(1, "at least one side"),
      v.maxLength(8, "at most 8 sides"),
      v.check((sides) => new Set(sides).size === sides.length, "each side once"),
    ),
  ),
  /**
   * grid: the photo cut into cells; proposals: object-like boxes; objects: areas of one colour, for
   * drawings.
   */
  regions: v.optional(v.picklist(["grid", "proposals", "objects"]), "grid"),
  /** Cells of the grid in each direction. */
  grid: v.optional(v.pipe(count, v.maxValue(32)), 5),
  /** Of other regions than the grid's. */
  max_regions: v.optional(v.pipe(count, v.maxValue(100)), 36),
  /** ONNX file whose boxes are the regions, in place of `regions`. */
  detector: v.optional(path),
  detection: v.optional(detection),
  /** BERT's vocab.txt to cut captions with, and whether it keeps case; MiniLM's without. */
  vocabulary: v.optional(path),
  cased: v.optional(v.boolean(), false),
  /** Word pieces of a caption that is trained on; longer ones are left out. */
  max_text_length: v.optional(count, 60),
  /** A file that is missing or cannot be read: an error, or left out and counted. */
  on_bad_image: v.optional(v.picklist(["fail", "skip"]), "fail"),
  xla: v.optional(v.boolean(), true),
});

const parameters = v.pipe(
  fields,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const value: Readonly<Record<string, unknown>> = dataset.value;
    const together = ["detector", "detection"] as const;
    const missing = together.filter((key) => value[key] === undefined);
    if (missing.length === 0 || missing.length === together.length) return;
    const given = together.find((key) => value[key] !== undefined)!;
    addIssue({
      message: `it together with \`${missing.join("` and `")}\`, or none of them`,
      input: value[given],
      expected: `\`${missing.join("` and `")}\` beside it`,
      path: [{
        type: "object",
        origin: "value",
        input: dataset.value,
        key: given,
        value: value[given],
      }],
    });
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { views, detection } = dataset.value;
    if (views === undefined || detection?.features === undefined) return;
    addIssue({
      message: "it where the picture network describes regions; here the detector does",
      input: views,
      expected: "`detection` without `features`",
      path: [{ type: "object", origin: "value", input: dataset.value, key: "views", value: views }],
    });
  }),
);

type Parameters = v.InferOutput<typeof parameters>;

export const photoFeatures = defineStage({
  name: "photo_features",
  summary: "describes regions of photos by a pretrained picture network, and cuts their captions",
  parameters,
  paths: ["images", "captions", "test", "validation", "vocabulary", "detector"],
  outside: outsideFiles,
  packages: ({ vocabulary, detector }) => ({
    backbone: efficientnetLite0,
    ...(detector !== undefined && { onnxruntime: onnxRuntimePackage }),
    ...(vocabulary === undefined && { words: miniLm }),
  }),
  inputs: {},
  output: "features",
  compute: true,
  resumable: true,
  async run(context) {
    const { extractPhotos } = await import("./extraction/photo_extraction.ts");
    await extractPhotos(context);
  },
});

function outsideFiles(
  { images, captions, test, validation, vocabulary, detector }: Parameters,
): OutsideFile[] {
  const list = (role: string, path: number | string): OutsideFile[] =>
    typeof path === "number" ? [] : [{ role, path, file: true, what: `names of ${role} photos` }];
  return [
    { role: "images", path: images, what: "photos" },
    { role: "captions", path: captions, file: true, what: "captions (CSV: image,caption)" },
    ...list("test", test),
    ...list("validation", validation),
    ...(vocabulary === undefined
      ? []
      : [{ role: "vocabulary", path: vocabulary, file: true, what: "BERT's word pieces" }]),
    ...(detector === undefined
      ? []
      : [{ role: "detector", path: detector, file: true, what: "a detector (ONNX)" }]),
  ];
}
