import * as v from "valibot";
import { defineStage, type OutsideFile } from "../pipeline/stage.ts";
import { miniLm } from "./model/pretrained_packages.ts";
import { efficientnetLite0 } from "./vision/pretrained_packages.ts";

const path = v.pipe(v.string(), v.nonEmpty());
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const photos = v.pipe(v.number(), v.integer(), v.minValue(0));

const parameters = v.strictObject({
  /** Folder of photos. */
  images: path,
  /** CSV with columns `image` (a file name) and `caption`. */
  captions: path,
  /** The last so many photos by name, or a file of names, one per line. */
  test: v.optional(v.union([photos, path]), 100),
  /** Likewise, before those of `test`: what recipes are chosen on. */
  validation: v.optional(v.union([photos, path]), 100),
  /** Photos are stretched to so many pixels in both directions. */
  side: v.optional(v.pipe(count, v.multipleOf(32), v.maxValue(1024)), 224),
  /**
   * grid: the photo cut into cells; proposals: object-like boxes; objects: areas of one colour, for
   * drawings.
   */
  regions: v.optional(v.picklist(["grid", "proposals", "objects"]), "grid"),
  /** Cells of the grid in each direction. */
  grid: v.optional(v.pipe(count, v.maxValue(32)), 5),
  /** Of other regions than the grid's. */
  max_regions: v.optional(v.pipe(count, v.maxValue(100)), 36),
  /** BERT's vocab.txt to cut captions with, and whether it keeps case; MiniLM's without. */
  vocabulary: v.optional(path),
  cased: v.optional(v.boolean(), false),
  /** Word pieces of a caption that is trained on; longer ones are left out. */
  max_text_length: v.optional(count, 60),
  /** A file that is missing or cannot be read: an error, or left out and counted. */
  on_bad_image: v.optional(v.picklist(["fail", "skip"]), "fail"),
  xla: v.optional(v.boolean(), true),
});

type Parameters = v.InferOutput<typeof parameters>;

export const photoFeatures = defineStage({
  name: "photo_features",
  summary: "describes regions of photos by a pretrained picture network, and cuts their captions",
  parameters,
  paths: ["images", "captions", "test", "validation", "vocabulary"],
  outside: outsideFiles,
  packages: ({ vocabulary }) => ({
    backbone: efficientnetLite0,
    ...(vocabulary === undefined && { words: miniLm }),
  }),
  inputs: {},
  output: "features",
  compute: true,
  resumable: true,
  async examine(context) {
    const { examinePhotos } = await import("./extraction/photo_examination.ts");
    return await examinePhotos(context);
  },
  async run(context) {
    const { extractPhotos } = await import("./extraction/photo_extraction.ts");
    await extractPhotos(context);
  },
});

function outsideFiles(
  { images, captions, test, validation, vocabulary }: Parameters,
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
  ];
}
