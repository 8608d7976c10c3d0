import { resolve } from "node:path";
import * as v from "valibot";
import { defineStage, type OutsideFile } from "../pipeline/contract/stage.ts";
import { filesOf, lmdbChoices } from "./data/databases/lmdb_names.ts";
import { publication, type PublishedSource, splitSources } from "./data/published/data_sets.ts";
import { consistent, count, distinct, name } from "./parameter_schemas.ts";

const parameters = v.strictObject({
  /** Folder with `txt_db/` and `img_db/`. */
  root: name,
  /** Databases are `txt_db/itm_<dataset>_<split>.db` and `img_db/<dataset>`. */
  dataset: v.optional(
    v.pipe(v.string(), v.regex(/^[\w.-]+$/, "letters, digits, _, - and .")),
    "flickr30k",
  ),
  splits: v.optional(distinct(v.picklist(["train", "val", "test"]), "split"), [
    "train",
    "val",
    "test",
  ]),
  /** lmdb: UNITER's image databases; npz: a folder of .npz files; tsv: a table of bottom-up attention. */
  format: v.optional(v.picklist(["lmdb", "npz", "tsv"]), "lmdb"),
  /** Path of the region features relative to root, if it is not `img_db/<dataset>`. */
  images: v.optional(name),
  /** Path of Karpathy's dataset_<name>.json relative to root: raw captions instead of text databases. */
  captions: v.optional(name),
  /** Path of BERT's vocab.txt relative to root, to tokenise raw captions. */
  vocabulary: v.optional(name),
  /** Whether the vocabulary distinguishes case. */
  cased: v.optional(v.boolean(), true),
  /** Use regions with a higher confidence; -1: use `num_bb` regions of every image. */
  conf_th: v.optional(v.number(), 0.2),
  /** Largest number of regions per image. */
  max_bb: v.optional(count, 100),
  /** Smallest number of regions per image. */
  min_bb: v.optional(count, 10),
  /** Number of regions per image with `conf_th: -1`. */
  num_bb: v.optional(count, 36),
  /** Longest training caption in word pieces; longer ones are omitted. */
  max_text_length: v.optional(count, 60),
});

export type PublishedParameters = v.InferOutput<typeof parameters>;

export const publishedFeatures = defineStage({
  name: "published_features",
  summary: "imports region features and captions in UNITER's formats, which stay where they are",
  parameters: v.pipe(
    parameters,
    consistent(({ captions, vocabulary }, refuse) => {
      if ((captions === undefined) === (vocabulary === undefined)) return;
      if (captions === undefined) {
        refuse("captions", "set it to a file of raw captions, or remove `vocabulary`");
      } else refuse("vocabulary", "set it to BERT's vocab.txt, which raw captions need");
    }),
  ),
  applies: [
    { parameters: ["num_bb"], by: "conf_th", when: ({ conf_th }) => conf_th === -1 },
    { parameters: ["max_bb", "min_bb"], by: "conf_th", when: ({ conf_th }) => conf_th !== -1 },
    // Text databases are tokenised already.
    { parameters: ["cased"], by: "captions", when: ({ captions }) => captions !== undefined },
  ],
  paths: ["root"],
  outside: outsideFiles,
  inputs: {},
  output: "features",
  compute: false,
  permissions: { native: true },
  resumable: false,
  async run(context) {
    const { importFeatures } = await import("./data/published/import_features.ts");
    await importFeatures(context, sourcesOf(context.parameters));
  },
});

/** Where each split comes from. */
export function sourcesOf(parameters: PublishedParameters): PublishedSource[] {
  return parameters.splits.flatMap((split) =>
    splitSources(parameters.dataset, split).map(({ texts, images }) => ({
      split,
      texts: parameters.captions === undefined ? texts : undefined,
      images: parameters.images ?? images,
    }))
  );
}

function outsideFiles(parameters: PublishedParameters): OutsideFile[] {
  const { root, format, captions, vocabulary } = parameters;
  const sources = sourcesOf(parameters);
  const below = (role: string, rest: Omit<OutsideFile, "role" | "path">): OutsideFile => ({
    role,
    path: resolve(root, role),
    ...rest,
    ...publication(role),
  });
  const images = [...new Set(sources.map(({ images }) => images))];
  const texts = sources.flatMap(({ texts, split }) =>
    texts === undefined ? [] : [{ texts, split }]
  );
  return [
    ...texts.map(({ texts, split }) =>
      below(texts, {
        anyOf: [["data.mdb", "id2len.json", "img2txts.json", "meta.json", "txt2img.json"]],
        what: `captions of split ${split} (LMDB)`,
      })
    ),
    ...images.map((path) =>
      below(path, {
        ...(format === "lmdb" && { anyOf: lmdbChoices(parameters).map(filesOf) }),
        ...(format === "npz" && { ending: ".npz" }),
        ...(format === "tsv" && { file: true }),
        what: {
          lmdb: "region features (LMDB)",
          npz: "region features (.npz)",
          tsv: "region features (TSV)",
        }[format],
      })
    ),
    ...(captions === undefined
      ? []
      : [below(captions, { file: true, what: "raw captions (Karpathy's JSON)" })]),
    ...(vocabulary === undefined
      ? []
      : [below(vocabulary, { file: true, what: "BERT's vocabulary" })]),
  ];
}
