/** What a database of region features offers, whatever its format. */

/** What a place is told to hold; `lmdb` stands for compressed databases, too. */
export type PublishedFormat = "lmdb" | "npz" | "tsv";

export interface ImageDatabase extends Disposable {
  readonly place: string;
  readonly format: "lmdb" | "lmdb_compressed" | "npz" | "tsv";
  names(): readonly string[];
  has(image: string): boolean;
  /** @throws {Complaint} when there is no such image or its entry is damaged */
  read(image: string): ImageRegions;
  /** Of its first `count` regions, [count, classes]; formats without classes have no such method. */
  classes?(image: string, count: number): Float32Array | undefined;
}

export interface RegionChoice {
  /** Regions with more confidence than this are used; -1: the first `num_bb` of every image. */
  readonly conf_th: number;
  readonly max_bb: number;
  readonly min_bb: number;
  readonly num_bb: number;
}

export interface ImageRegions {
  readonly count: number;
  readonly featureDim: number;
  /** [count, featureDim] */
  readonly features: Float32Array;
  /** [count, 7]: x1 y1 x2 y2 w h w*h, fractions of the image; the product is one of float32. */
  readonly boxes: Float32Array;
  /** [count] */
  readonly confidence: Float32Array | undefined;
}
