/**
 * The retrieval data sets that UNITER's authors published, and the paths of their files relative to a root
 * folder: `txt_db/itm_NAME_SPLIT.db` and `img_db/NAME`, as their download scripts create them.
 * Source: scripts/download_itm.sh and config/train-itm-*.json of ChenRocks/UNITER.
 */

/** A database of captions, and the database of their images. */
export interface SplitSource {
  /** Path relative to the root. */
  readonly texts: string;
  /** Path relative to the root. */
  readonly images: string;
}

/** Roles of a split's files in a stage. */
export interface PublishedSource {
  readonly split: string;
  /** Role of its text database; undefined for raw captions. */
  readonly texts: string | undefined;
  readonly images: string;
}

/** Paths of the captions and images of a split. */
export function splitSources(dataset: string, split: string): SplitSource[] {
  const texts = (part: string) => `txt_db/itm_${dataset}_${part}.db`;
  if (dataset !== "coco") return [{ texts: texts(split), images: `img_db/${dataset}` }];
  // In Karpathy's split, `restval` is training data whose images are in COCO's val2014.
  const val = "img_db/coco_val2014";
  if (split !== "train") return [{ texts: texts(split), images: val }];
  return [
    { texts: texts("train"), images: "img_db/coco_train2014" },
    { texts: texts("restval"), images: val },
  ];
}

/** Number of images per folder, from which sizes are estimated: at most 100 regions x 3,656 x 2 bytes each. */
const imageCounts: Readonly<Record<string, number>> = {
  "img_db/flickr30k": 31_014,
  "img_db/coco_train2014": 82_783,
  "img_db/coco_val2014": 40_504,
};

/** Size of a published folder, if known, and the URL where it was published. */
export function publication(path: string): { size?: string; published?: string } {
  const images = imageCounts[path];
  const isText = /^txt_db\/itm_(flickr30k|coco)_/.test(path);
  if (images === undefined && !isText) return {};
  const gigabytes = Math.ceil((images ?? 0) * 100 * 3656 * 2 / 1e9);
  return {
    size: images === undefined ? "under 200 MB" : `at most ${gigabytes} GB`,
    published: `${publisher}/${path}.tar (github.com/ChenRocks/UNITER, scripts/download_itm.sh)`,
  };
}

/** Download server of UNITER's authors; it is not always available. */
export const publisher = "https://acvrpublicycchen.blob.core.windows.net/uniter";

/** The same for UNITER's checkpoints: float32 weights with the heads of pretraining. */
export function checkpointPublication(path: string): { size?: string; published?: string } {
  const size = /uniter-(base|large)\.pt$/.exec(path)?.[1];
  if (size === undefined) return {};
  return {
    size: size === "base" ? "about 0.45 GB" : "about 1.35 GB",
    published: `${publisher}/pretrained/uniter-${size}.pt (scripts/download_pretrained.sh)`,
  };
}
