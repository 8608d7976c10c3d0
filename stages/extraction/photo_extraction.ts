/** Converts a folder of photos and their captions to a features artifact. */
import type { StageContext } from "../../pipeline/contract/stage.ts";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { boxNumbers } from "../data/boxes.ts";
import { writeLines } from "../data/formats/json_lines.ts";
import { writeSafetensors } from "../data/formats/safetensors.ts";
import { startCompute } from "../tensorflow/kernels/backend.ts";
import { backboneWidth } from "../vision/efficientnet.ts";
import { BadPhoto, decodeSquares } from "../vision/photo_pixels.ts";
import type { Box } from "../vision/picture.ts";
import { inBatches } from "./batches_ahead.ts";
import { type LocatedPhoto, type PhotoDescriber, photoDescriber } from "./photo_describer.ts";
import { type PhotoList, photoList } from "./photo_list.ts";
import type { PhotoParameters } from "./photo_parameters.ts";
import { type Shard, type Shards, shardsIn } from "./photo_shards.ts";
import { type LookedAt, type PhotoViews, photoViews } from "./photo_views.ts";
import { pictureNetwork } from "./picture_network.ts";
import { type FoundRegions, type RegionFinder, regionFinder } from "./region_finder.ts";

/** Photos per batch of the network. */
export const photosTogether = 16;
/** Photos per file of intermediate results, with which a killed run resumes: some seconds of work. */
const shardSize = 128;

type Context = StageContext<PhotoParameters>;

export async function extractPhotos(context: Context): Promise<void> {
  const { parameters, files, progress, threads } = context;
  const list = await photoList(context);
  sayList(list, context);
  await using finder = await regionFinder(parameters, files);
  const compute = await startCompute({ threads });
  progress.say(compute.description);
  using network = await pictureNetwork(compute, {
    backbone: files["backbone"]!,
    xla: parameters.xla,
  });
  using describer = photoDescriber(network, {
    side: parameters.side,
    most: finder.most,
    batch: photosTogether,
  });
  using views = photoViews(network, {
    sides: parameters.views ?? [],
    side: parameters.side,
    batch: photosTogether,
  });
  const shards = shardsIn(context.resumeFolder);
  const regions: number[] = [];
  let values = 0;
  let classes = 0;
  const bad: BadFile[] = [];
  for (let from = 0, place = 0; from < list.photos.length; from += shardSize, place++) {
    const names = list.photos.slice(from, from + shardSize).map(({ id }) => id);
    const shard = await shards.read(place, names.length) ??
      await describeShard(names, {
        context,
        finder,
        describer,
        views,
        shards,
        place,
        done: from,
        list,
      });
    names.forEach((id, row) => shard.regions[row] === 0 && bad.push({ id }));
    regions.push(...shard.regions);
    values += shard.features.length;
    classes += shard.classes.length;
    progress.report(from + names.length, list.photos.length, "photos");
  }
  if (bad.length === list.photos.length) {
    throw new Complaint(
      "none of the photos could be read",
      "see the log for the reasons",
      { place: { file: files["images"]! }, exitCode: 1 },
    );
  }
  requireSplits(list, regions);
  const rows = regions.reduce((sum, count) => sum + count, 0);
  const described = finder.describes;
  const widths = { features: values / rows, classes: classes / rows };
  await writeArtifact(context, { list, regions, shards, described, views, widths });
}

/** Omitted photos must not empty a split, because stages that read it would fail with a less clear error. */
function requireSplits({ photos }: PhotoList, regions: readonly number[]): void {
  const left = new Set(photos.filter((_, place) => regions[place]! > 0).map(({ split }) => split));
  for (const { split } of photos) {
    if (left.has(split)) continue;
    throw new Complaint(
      `none of the photos of split \`${split}\` could be used`,
      "see the log for the reasons, or put other photos into that split",
      { exitCode: 1 },
    );
  }
}

interface BadFile {
  readonly id: string;
}

interface ShardWork {
  readonly context: Context;
  readonly finder: RegionFinder;
  readonly describer: PhotoDescriber;
  readonly views: PhotoViews;
  readonly shards: Shards;
  readonly place: number;
  /** Number of photos before this shard. */
  readonly done: number;
  readonly list: PhotoList;
}

async function describeShard(names: readonly string[], work: ShardWork): Promise<Shard> {
  const { context: { signal, progress, parameters }, describer, views, done, list } = work;
  const counts = names.map(() => 0);
  const rows: Float32Array[] = [];
  const boxes: number[] = [];
  const pictures: Float32Array[] = [];
  const looks: Float32Array[] = [];
  const classes: Float32Array[] = [];
  const decode = (id: string) => locatedPhoto(id, work);
  for await (const batch of inBatches(names, photosTogether, decode)) {
    signal.throwIfAborted();
    const good = batch.flatMap(({ place, result }) =>
      result === undefined ? [] : [{ place, result }]
    );
    const described = await describer.describe(good.map(({ result }) => result));
    described.forEach(({ features, mean }, row) => {
      const { place, result } = good[row]!;
      counts[place] = result.boxes.length;
      rows.push(result.features ?? features);
      // The mean of the map is not comparable to a detector's features.
      if (result.features === undefined) pictures.push(mean);
      if (result.classes !== undefined) classes.push(result.classes);
      boxes.push(...result.boxes.flatMap((box) => numbersOf(box, parameters.side)));
    });
    if (views.sides.length > 0) {
      const seen = described.map(({ mean }, row) => ({ mean, looks: good[row]!.result.looks }));
      looks.push(...await views.describe(seen));
    }
    progress.report(done + batch.at(-1)!.place + 1, list.photos.length, "photos");
  }
  const shard = {
    regions: counts,
    features: joined(rows),
    boxes: Float32Array.from(boxes),
    pictures: joined(pictures),
    views: joined(looks),
    classes: joined(classes),
  };
  await work.shards.write(work.place, shard);
  return shard;
}

/** Undefined, with a message in the log, if the file cannot be read and `on_bad_image` is `skip`. */
async function locatedPhoto(
  id: string,
  { context: { parameters, files, progress }, finder, views }: ShardWork,
): Promise<LocatedPhoto & FoundRegions & Pick<LookedAt, "looks"> | undefined> {
  const file = `${files["images"]}/${id}`;
  try {
    const [own, ...looks] = await decodeSquares(file, [parameters.side, ...views.others]);
    const picture = own!;
    return { picture, looks, ...await finder.find({ file, picture }) };
  } catch (error) {
    if (!(error instanceof BadPhoto)) throw error;
    if (parameters.on_bad_image === "skip") {
      progress.say(`skipped \`${id}\`: ${error.message}`);
      return undefined;
    }
    throw new Complaint(
      `a photo cannot be used: ${error.message}`,
      `${error.fix ?? "replace the file"}, or skip such files with \`on_bad_image: skip\``,
      { place: { file }, exitCode: 1, cause: error },
    );
  }
}

function sayList({ photos, captions, tooLong, without }: PhotoList, { progress }: Context): void {
  progress.say(`${photos.length} photos (${bySplit(photos)}), ${captions.length} captions`);
  if (tooLong > 0) progress.say(`${tooLong} training captions are too long and were omitted`);
  if (without > 0) progress.say(`${without} files of the folder have no caption and were omitted`);
}

/** `600 train, 100 val` */
function bySplit(photos: readonly { readonly split: string }[]): string {
  return ["train", "val", "test"].flatMap((split) => {
    const count = photos.filter((photo) => photo.split === split).length;
    return count === 0 ? [] : [`${count} ${split}`];
  }).join(", ");
}

async function writeArtifact(
  { folder, record, progress }: Context,
  { list, regions, shards, described, views, widths }: {
    readonly list: PhotoList;
    readonly regions: readonly number[];
    readonly shards: Shards;
    /** The features come from a detector. */
    readonly described: boolean;
    readonly views: PhotoViews;
    /** Numbers of columns; 0 classes without a detector that provides them. */
    readonly widths: { readonly features: number; readonly classes: number };
  },
): Promise<void> {
  let offset = 0;
  const images = list.photos.flatMap(({ id, split }, place) => {
    const count = regions[place]!;
    offset += count;
    return count === 0 ? [] : [{ id, split, offset: offset - count, regions: count }];
  });
  const there = new Set(images.map(({ id }) => id));
  const skipped = list.photos.length - images.length;
  record.metric("photos", images.length);
  record.metric("skipped_photos", skipped);
  if (skipped > 0) {
    const left = bySplit(list.photos.filter(({ id }) => !there.has(id)));
    progress.say(`${skipped} photos could not be used and were skipped (${left})`);
  }
  await writeLines(`${folder}/images.jsonl`, images);
  const captions = list.captions.filter(({ image }) => there.has(image));
  await writeLines(`${folder}/captions.jsonl`, captions);
  await writeLines(`${folder}/pairs.jsonl`, []);
  await Deno.writeTextFile(`${folder}/tokenizer.json`, list.tokenizer.json);
  await writeLines(`${folder}/vocabulary.json`, [list.tokenizer.vocabulary]);
  const parts = (name: "features" | "boxes" | "pictures" | "views" | "classes") =>
    async function* () {
      for (let from = 0, place = 0; from < regions.length; from += shardSize, place++) {
        const photos = Math.min(shardSize, regions.length - from);
        yield (await shards.read(place, photos))![name];
      }
    };
  const tensor = (shape: number[], name: Parameters<typeof parts>[0]) => ({
    shape,
    dtype: "F32" as const,
    data: parts(name),
  });
  await writeSafetensors(
    `${folder}/regions.safetensors`,
    new Map([
      ["features", tensor([offset, widths.features], "features")],
      ["boxes", tensor([offset, 7], "boxes")],
      ...(described
        ? []
        : [["pictures", tensor([images.length, backboneWidth], "pictures")] as const]),
      ...(views.sides.length === 0
        ? []
        : [["views", tensor([images.length, backboneWidth], "views")] as const]),
      ...(widths.classes === 0
        ? []
        : [["classes", tensor([offset, widths.classes], "classes")] as const]),
    ]),
  );
}

export function numbersOf({ x0, y0, x1, y1 }: Box, side: number): number[] {
  const box = [x0 * side, y0 * side, x1 * side, y1 * side] as const;
  return boxNumbers(box, { width: side, height: side });
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
