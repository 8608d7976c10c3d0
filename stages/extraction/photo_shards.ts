/**
 * Stores described photos in files of a fixed number of photos, so a killed extraction resumes after the last
 * complete file and memory does not grow with the number of photos.
 */
import { readSafetensors, type TensorData, writeSafetensors } from "../data/formats/safetensors.ts";

export interface Shard {
  /** Number of regions of each photo; 0 if it could not be read. */
  readonly regions: readonly number[];
  /** float32 [region, width], for all its photos. */
  readonly features: Float32Array;
  /** float32 [region, 7]. */
  readonly boxes: Float32Array;
  /** float32 [photo, width], for the photos that could be read. */
  readonly pictures: Float32Array;
  /** float32 [photo, width], likewise; empty without `views`. */
  readonly views: Float32Array;
  /** float32 [region, class], for all its photos; empty without a detector that provides classes. */
  readonly classes: Float32Array;
}

export interface Shards {
  /** Undefined if the file is missing or incomplete. @param photos expected number of photos */
  read(place: number, photos: number): Promise<Shard | undefined>;
  write(place: number, shard: Shard): Promise<void>;
}

export function shardsIn(folder: string): Shards {
  const fileOf = (place: number) => `${folder}/photos-${place}.safetensors`;
  return {
    async read(place, photos) {
      const tensors = await readSafetensors(fileOf(place)).catch(() => undefined);
      if (tensors === undefined) return undefined;
      const [regions, features, boxes, pictures, views, classes] = [
        "regions",
        "features",
        "boxes",
        "pictures",
        "views",
        "classes",
      ].map((name) => tensors.get(name)?.data);
      if (
        !(regions instanceof Int32Array) || regions.length !== photos ||
        !(features instanceof Float32Array) || !(boxes instanceof Float32Array) ||
        !(pictures instanceof Float32Array) || !(views instanceof Float32Array) ||
        !(classes instanceof Float32Array)
      ) return undefined;
      return { regions: [...regions], features, boxes, pictures, views, classes };
    },
    async write(place, { regions, features, boxes, pictures, views, classes }) {
      const list = (dtype: "F32" | "I32", data: TensorData) => ({
        shape: [data.length],
        dtype,
        data,
      });
      await writeSafetensors(
        fileOf(place),
        new Map([
          ["regions", list("I32", Int32Array.from(regions))],
          ["features", list("F32", features)],
          ["boxes", list("F32", boxes)],
          ["pictures", list("F32", pictures)],
          ["views", list("F32", views)],
          ["classes", list("F32", classes)],
        ]),
      );
    },
  };
}
