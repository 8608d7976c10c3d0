/**
 * Imports published features: the artifact lists images and captions, the regions stay in their databases.
 * Every image is read once, so a damaged database is reported now and not after hours of training.
 */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import type { ImageDatabase, PublishedFormat, RegionChoice } from "../databases/image_database.ts";
import { matchImages } from "../databases/image_names.ts";
import { openImageDatabase } from "../databases/open_image_database.ts";
import { wrongIn } from "../formats/foreign_file.ts";
import { writeLines } from "../formats/json_lines.ts";
import { type CaptionSource, rawCaptions, storedCaptions } from "./captions.ts";
import type { PublishedSource } from "./data_sets.ts";
import type { DatabaseLine } from "../region_source.ts";

export interface ImportParameters extends RegionChoice {
  readonly format: PublishedFormat;
  readonly captions?: string | undefined;
  readonly vocabulary?: string | undefined;
  readonly cased: boolean;
  readonly max_text_length: number;
}

/** The parts of a stage's context that are used. */
interface ImportContext {
  readonly parameters: ImportParameters;
  readonly files: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: {
    report(done: number, total: number, unit: string): void;
    say(line: string): void;
  };
}

export async function importFeatures(
  context: ImportContext,
  sources: readonly PublishedSource[],
): Promise<void> {
  const { parameters, files, folder, progress } = context;
  const { conf_th, max_bb, min_bb, num_bb, format } = parameters;
  const choice: RegionChoice = { conf_th, max_bb, min_bb, num_bb };
  const roles = [...new Set(sources.map(({ images }) => images))];
  using databases = openAll(roles.map((role) => files[role]!), choice, format);
  const captions = parameters.captions === undefined
    ? storedCaptions(sources, files, parameters)
    : rawCaptions(sources, files, {
      ...parameters,
      names: (role) => databases.items[roles.indexOf(role)]!.names(),
    });
  const images = withEntries(imagesOf(captions, roles), databases.items);
  const measured = await measure(images, databases.items, context);
  await writeLines(
    `${folder}/images.jsonl`,
    images.map((image, place) => ({ ...image, regions: measured.regions[place]! })),
  );
  await writeLines(`${folder}/captions.jsonl`, captions.lines);
  await writeLines(`${folder}/vocabulary.json`, [captions.vocabulary]);
  await writeLines(`${folder}/pairs.jsonl`, []);
  const lines: DatabaseLine[] = roles.map((role) => ({
    role,
    ...choice,
    format,
    feature_dim: measured.featureDim,
  }));
  await writeLines(`${folder}/databases.jsonl`, lines);
  if (captions.tokenizer !== undefined) {
    await Deno.writeTextFile(`${folder}/tokenizer.json`, captions.tokenizer);
  }
  const left = captions.tooLong === 0
    ? ""
    : `; omitted ${captions.tooLong} longer than ${parameters.max_text_length} word pieces`;
  progress.say(`${images.length} images, ${captions.lines.length} captions${left}`);
}

function openAll(places: readonly string[], choice: RegionChoice, format: PublishedFormat) {
  const items: ImageDatabase[] = [];
  const close = () => items.forEach((database) => database[Symbol.dispose]());
  try {
    for (const place of places) items.push(openImageDatabase(place, choice, format));
  } catch (error) {
    close();
    throw error;
  }
  return { items, [Symbol.dispose]: close };
}

interface ImageLine {
  readonly id: string;
  readonly split: string;
  /** Index of its database. */
  readonly database: number;
}

/** The images without repetition, in the order of the lists of captions. */
function imagesOf({ images }: CaptionSource, roles: readonly string[]): ImageLine[] {
  const splits = new Map<string, string>();
  return images.flatMap(({ id, split, role }) => {
    const before = splits.get(id);
    if (before === split) return [];
    if (before !== undefined) {
      throw new Complaint(
        `image \`${id}\` is in split ${before} and in split ${split}`,
        "use splits that do not share images",
        { exitCode: 1 },
      );
    }
    splits.set(id, split);
    return [{ id, split, database: roles.indexOf(role) }];
  });
}

interface ImageEntry extends ImageLine {
  /** Its name in the database, where that is not its id. */
  readonly entry?: string;
}

/** @throws {Complaint} when an image is in no database, or two images are one entry */
function withEntries(
  images: readonly ImageLine[],
  databases: readonly ImageDatabase[],
): ImageEntry[] {
  const entries = databases.map((database, place) => {
    const ids = images.flatMap(({ id, database }) => database === place ? [id] : []);
    const fix = "use captions and features that name each image in one way";
    return matchImages(ids, database.names(), wrongIn(database.place, { fix }));
  });
  return images.map((image) => {
    const entry = entries[image.database]!.get(image.id);
    if (entry === undefined) {
      throw new Complaint(
        `the image \`${image.id}\` has captions, but no features`,
        "download the image database that belongs to these captions, or omit their split",
        { place: { file: databases[image.database]!.place }, exitCode: 1 },
      );
    }
    return { ...image, ...(entry !== image.id && { entry }) };
  });
}

/** Reads every image: counts its regions, and checks that all have the same width. */
async function measure(
  images: readonly ImageEntry[],
  databases: readonly ImageDatabase[],
  { progress, signal }: ImportContext,
): Promise<{ regions: number[]; featureDim: number }> {
  const regions: number[] = [];
  let featureDim: number | undefined;
  for (const { id, database, entry = id } of images) {
    const { place, read } = databases[database]!;
    const found = read(entry);
    featureDim ??= found.featureDim;
    if (found.featureDim !== featureDim) {
      throw new Complaint(
        `\`${id}\` has ${found.featureDim} numbers per region, the previous images ${featureDim}`,
        "use features of one detector",
        { place: { file: place }, exitCode: 1 },
      );
    }
    regions.push(found.count);
    progress.report(regions.length, images.length, "images");
    if (regions.length % 64 === 0) await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
  }
  return { regions, featureDim: featureDim ?? 1 };
}
