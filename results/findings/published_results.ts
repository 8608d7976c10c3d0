/** Published results, to compare ours with. */

export interface PublishedTable {
  /** The test set. */
  readonly test: string;
  readonly images: number;
  readonly captions: number;
  readonly rows: readonly {
    readonly name: string;
    /** Percent: i2t R@1, 5, 10, t2i R@1, 5, 10; null where no source was found. */
    readonly recalls: readonly (number | null)[];
  }[];
  readonly source: string;
}

const paper = "Ren et al., ACL 2021, arXiv 2105.13868";

/** By the name that an experiment gives in `report: { compare: … }`. */
export const publishedTables: Readonly<Record<string, PublishedTable>> = {
  flickr30k_1k: {
    test: "Flickr30k, Karpathy's 1K test split",
    images: 1000,
    captions: 5000,
    rows: [
      { name: "UNITER-large", recalls: [87.3, 98.0, 99.2, 75.6, 94.1, 96.8] },
      { name: "IAIS on UNITER-large", recalls: [88.3, 98.4, 99.4, 76.86, 93.3, 95.72] },
    ],
    source: paper,
  },
  coco_5k: {
    test: "MS COCO, Karpathy's 5K test split",
    images: 5000,
    captions: 25_010,
    rows: [
      { name: "UNITER-large", recalls: [65.7, 88.6, 93.8, 52.9, 79.9, 88.0] },
      { name: "IAIS on UNITER-large", recalls: [67.78, 89.7, 94.48, null, null, null] },
    ],
    source: paper,
  },
};
