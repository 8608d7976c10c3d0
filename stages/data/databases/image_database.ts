/** The interface of a database of region features, whatever its format. */

/** Formats that a stage can request; `lmdb` includes compressed databases. */
export type PublishedFormat = "lmdb" | "npz" | "tsv";

export interface ImageDatabase extends Disposable {
  /** Path of the file or folder. */
  readonly place: string;
  readonly format: "lmdb" | "lmdb_compressed" | "npz" | "tsv";
  /** Names of its images; `read` takes these and no others. */
  names(): readonly string[];
  /** @throws {Complaint} when the image is not found or its entry is damaged */
  read(image: string): ImageRegions;
  /**
   * Like `read`, with the features as the database stores them, in float16; undefined if it stores this
   * image's in another type.
   */
  readHalves?(image: string): HalfImageRegions | undefined;
  /** Class probabilities of the first `count` regions, [count, classes]; absent in formats without classes. */
  classes?(image: string, count: number): Float32Array | undefined;
}

/** Which of the detected regions of an image are used. */
export interface RegionChoice {
  /** Use regions whose confidence exceeds this; -1: the first `num_bb` regions of every image. */
  readonly conf_th: number;
  /** Use at most this many regions. */
  readonly max_bb: number;
  /** Use at least this many, if the image has them. */
  readonly min_bb: number;
  /** Number of regions with `conf_th: -1`. */
  readonly num_bb: number;
}

/** The regions of one image with float16 features, as their bits. */
export interface HalfImageRegions extends Omit<ImageRegions, "features"> {
  readonly features: Uint16Array;
}

/** The regions of one image. */
export interface ImageRegions {
  readonly count: number;
  readonly featureDim: number;
  /** [count, featureDim] */
  readonly features: Float32Array;
  /** [count, 7]: x1 y1 x2 y2 w h w*h as fractions of the image; the product is computed in float32. */
  readonly boxes: Float32Array;
  /** [count] */
  readonly confidence: Float32Array | undefined;
}
