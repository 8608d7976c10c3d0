import { resolve } from "node:path";
import * as v from "valibot";
import { defineStage, type OutsideFile } from "../pipeline/contract/stage.ts";
import { filesOf, lmdbChoices } from "./data/databases/lmdb_names.ts";
import { publication, type PublishedSource, splitSources } from "./data/published/data_sets.ts";

const name = v.pipe(v.string(), v.nonEmpty());
const count = v.pipe(v.number(), v.integer(), v.minValue(1));

const parameters = v.strictObject({
  /** Folder with `txt_db/` and `img_db/`. */
  root: name,
  /** Databases are `txt_db/itm_<dataset>_<split>.db` and `img_db/<dataset>`. */
  dataset: v.optional(
    v.pipe(v.string(), v.regex(/^[\w.-]+$/, "letters, digits, _, - and .")),
    "flickr30k",
  ),
  splits: v.optional(
    v.pipe(
      v.array(v.picklist(["train", "val", "test"])),
      v.minLength(1, "at least one split"),
      v.check((splits) => new Set(splits).size === splits.length, "each split once"),
    ),
    ["train", "val", "test"],
  ),
  /** lmdb: UNITER's image databases; npz: a folder of .npz files; tsv: bottom-up-attention's file. */
  format: v.optional(v.picklist(["lmdb", "npz", "tsv"]), "lmdb"),
  /** Features, from root, where they are not `img_db/<dataset>`. */
  images: v.optional(name),
  /** Karpathy's dataset_<name>.json, from root: raw captions in place of text databases. */
  captions: v.optional(name),
  /** BERT's vocab.txt, from root, to cut raw captions. */
  vocabulary: v.optional(name),
  cased: v.optional(v.boolean(), true),
  /** A region counts above this confidence; -1: `num_bb` regions of every image. */
  conf_th: v.optional(v.number(), 0.2),
  max_bb: v.optional(count, 100),
  min_bb: v.optional(count, 10),
  num_bb: v.optional(count, 36),
  /** Word pieces of a caption that is trained on; longer ones are left out. */
  max_text_length: v.optional(count, 60),
});

export type PublishedParameters = v.InferOutput<typeof parameters>;

export const publishedFeatures = defineStage({
  name: "published_features",
  summary: "takes over region features and captions in UNITER's formats, read where they lie",
  parameters: v.pipe(
    parameters,
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const { captions, vocabulary } = dataset.value;
      if ((captions === undefined) === (vocabulary === undefined)) return;
      const key = captions === undefined ? "captions" : "vocabulary";
      const path = {
        type: "object",
        origin: "value",
        input: dataset.value,
        value: undefined,
      } as const;
      addIssue({
        message: "a file: raw captions need a vocabulary, and a vocabulary raw captions",
        input: null,
        expected: "a file: raw captions need a vocabulary, and a vocabulary raw captions",
        path: [{ ...path, key }],
      });
    }),
  ),
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
      : [below(vocabulary, { file: true, what: "BERT's word pieces" })]),
  ];
}
