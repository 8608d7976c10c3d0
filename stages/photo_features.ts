import * as v from "valibot";
import { defineStage, type OutsideFile } from "../pipeline/contract/stage.ts";
import { consistent, count, distinct, name, natural, xla } from "./parameter_schemas.ts";
import { miniLm } from "./model/checkpoint/pretrained_packages.ts";
import { onnxRuntimePackage } from "./vision/detector/onnx_runtime.ts";
import { efficientnetLite0 } from "./vision/pretrained_packages.ts";

const pixels = v.pipe(count, v.multipleOf(32), v.maxValue(1024));

const three = v.pipe(v.array(v.number()), v.length(3, "a number for red, green and blue"));
const notZero = v.pipe(three, v.check((list) => !list.includes(0), "numbers other than 0"));

/** How to run a user's own detector, and the meaning of its outputs. */
const detection = v.strictObject({
  /** Name of the output with boxes. */
  boxes: name,
  /** Name of the output with scores of boxes. */
  scores: v.optional(name),
  /** Name of the output with region features; without it, the backbone describes the boxes. */
  features: v.optional(name),
  /** Name of the output with class scores, which the task `masked_region_classes` of `pretrain` needs. */
  classes: v.optional(name),
  /** Name of its input, if it has several. */
  input: v.optional(name),
  layout: v.optional(v.picklist(["nchw", "nhwc"]), "nchw"),
  /** Width and height of its input in pixels. */
  side: v.optional(v.pipe(count, v.maxValue(2048)), 640),
  /** Its input is (pixel - mean) / scale, with pixels from 0 to 255. */
  mean: v.optional(three, [0, 0, 0]),
  scale: v.optional(notZero, [255, 255, 255]),
  /** Unit of boxes: pixels of the input, or fractions of the photo. */
  coordinates: v.optional(v.picklist(["pixels", "fractions"]), "pixels"),
  /** Order of a box's numbers: corners, or centre, width and height. */
  order: v.optional(v.picklist(["xyxy", "cxcywh", "yxyx"]), "xyxy"),
  /** Boxes with lower scores are omitted, except for the best one. */
  threshold: v.optional(v.number(), 0.2),
});

const fields = v.strictObject({
  /** Folder of photos. */
  images: name,
  /** CSV with columns `image` (a file name) and `caption`. */
  captions: name,
  /** Number of test photos, the last ones by name; or a file of names, one per line. */
  test: v.optional(v.union([natural, name]), 100),
  /** Likewise, the photos before those of `test`, for choosing parameters. */
  validation: v.optional(v.union([natural, name]), 100),
  /** Photos are stretched to this width and height in pixels. */
  side: v.optional(pixels, 224),
  /**
   * Sizes at which the whole photo is described to compute its vector; the size `side` costs nothing extra.
   * Without it, the vector is the mean of the feature map at `side`.
   */
  views: v.optional(
    v.pipe(distinct(pixels, "size"), v.maxLength(8, "at most 8 sizes")),
  ),
  /** grid: equal cells; proposals: boxes that look like objects; objects: areas of one colour, for drawings. */
  regions: v.optional(v.picklist(["grid", "proposals", "objects"]), "grid"),
  /** Cells of the grid per direction. */
  grid: v.optional(v.pipe(count, v.maxValue(32)), 5),
  /** Largest number of regions per photo, other than for `grid`. */
  max_regions: v.optional(v.pipe(count, v.maxValue(100)), 36),
  /** ONNX file of a detector whose boxes are the regions, instead of `regions`. */
  detector: v.optional(name),
  detection: v.optional(detection),
  /** BERT's vocab.txt to tokenise captions; default: MiniLM's. */
  vocabulary: v.optional(name),
  /** Whether the vocabulary distinguishes case. */
  cased: v.optional(v.boolean(), false),
  /** Longest training caption in word pieces; longer ones are omitted. */
  max_text_length: v.optional(count, 60),
  /** Whether a photo that is missing or cannot be read is an error, or skipped and counted. */
  on_bad_image: v.optional(v.picklist(["fail", "skip"]), "fail"),
  xla,
});

const parameters = v.pipe(
  fields,
  consistent(({ detector, detection }, refuse) => {
    if (detector !== undefined && detection === undefined) {
      refuse("detector", "set `detection` as well, or remove `detector`");
    }
    if (detector === undefined && detection !== undefined) {
      refuse("detection", "set `detector` as well, or remove `detection`");
    }
  }),
  consistent(({ views, detection }, refuse) => {
    if (views === undefined || detection?.features === undefined) return;
    refuse("views", "remove it, or `features` of `detection`: the backbone is not used with them");
  }),
);

type Parameters = v.InferOutput<typeof parameters>;

export const photoFeatures = defineStage({
  name: "photo_features",
  summary: "describes regions of photos with a pretrained backbone, and tokenises their captions",
  parameters,
  applies: [
    {
      parameters: ["regions", "grid"],
      by: "detector",
      when: ({ detector }) => detector === undefined,
    },
    { parameters: ["grid"], by: "regions", when: ({ regions }) => regions === "grid" },
    {
      parameters: ["max_regions"],
      by: "regions",
      when: ({ regions, detector }) => regions !== "grid" || detector !== undefined,
    },
  ],
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
  memoryUse: { parameters: ["side"] },
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
      : [{ role: "vocabulary", path: vocabulary, file: true, what: "BERT's vocabulary" }]),
    ...(detector === undefined
      ? []
      : [{ role: "detector", path: detector, file: true, what: "a detector (ONNX)" }]),
  ];
}
