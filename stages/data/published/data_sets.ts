/**
 * The data sets that UNITER's authors published for retrieval, and where their files lie below a
 * root folder: `txt_db/itm_NAME_SPLIT.db` and `img_db/NAME`, as their download scripts put them.
 * Source: scripts/download_itm.sh and config/train-itm-*.json of ChenRocks/UNITER.
 */

/** One database of captions with the database that holds their images. */
export interface SplitSource {
  /** Below the root. */
  readonly texts: string;
  /** Below the root. */
  readonly images: string;
}

/** Which files hold what, by the roles under which a stage finds them. */
export interface PublishedSource {
  readonly split: string;
  /** Role of its text database; none for raw captions. */
  readonly texts: string | undefined;
  readonly images: string;
}

/** Where the captions of a split and their images lie. */
export function splitSources(dataset: string, split: string): SplitSource[] {
  const texts = (part: string) => `txt_db/itm_${dataset}_${part}.db`;
  if (dataset !== "coco") return [{ texts: texts(split), images: `img_db/${dataset}` }];
  // Karpathy's split: what he calls restval is trained on, and its images are of COCO's val2014.
  const val = "img_db/coco_val2014";
  if (split !== "train") return [{ texts: texts(split), images: val }];
  return [
    { texts: texts("train"), images: "img_db/coco_train2014" },
    { texts: texts("restval"), images: val },
  ];
}

/** Images whose features a folder holds: the sizes told are at most 100 regions x 3,656 x 2 bytes. */
const imageCounts: Readonly<Record<string, number>> = {
  "img_db/flickr30k": 31_014,
  "img_db/coco_train2014": 82_783,
  "img_db/coco_val2014": 40_504,
};

/** How large a published folder is, as far as it is known, and where it was published. */
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

/** Where UNITER's authors put their files; it does not always answer. */
export const publisher = "https://acvrpublicycchen.blob.core.windows.net/uniter";

/** The same of UNITER's checkpoints: float32 weights with the heads of pretraining. */
export function checkpointPublication(path: string): { size?: string; published?: string } {
  const size = /uniter-(base|large)\.pt$/.exec(path)?.[1];
  if (size === undefined) return {};
  return {
    size: size === "base" ? "about 0.45 GB" : "about 1.35 GB",
    published: `${publisher}/pretrained/uniter-${size}.pt (scripts/download_pretrained.sh)`,
  };
}
