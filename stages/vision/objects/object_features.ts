/** Features of rendered pictures: writes the artifact, and describes pictures outside the data for search. */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { bestRegion, boxNumbers } from "../../data/boxes.ts";
import { tokeniseCaption } from "../../data/caption_tokens.ts";
import { writeLines } from "../../data/formats/json_lines.ts";
import { readSafetensors, writeSafetensors } from "../../data/formats/safetensors.ts";
import { readSceneList, type SceneLine } from "../../data/scene_list.ts";
import { tokenizerFromCaptions } from "../../data/tokenizer.ts";
import { describeRegion, descriptorWidth } from "./descriptors.ts";
import { decodePicture } from "./pixels.ts";
import { findRegions } from "./regions.ts";
import { scaleOf, standardise } from "./standardisation.ts";

export interface FeatureParameters {
  readonly max_regions: number;
}

type Row = Readonly<Record<string, string | number>>;

/** The parts of a stage's context that are used. */
interface FeatureContext {
  readonly parameters: FeatureParameters;
  readonly inputs: Readonly<Record<string, { readonly folder: string }>>;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: { report(done: number, total: number, unit: string): void };
  readonly record: {
    row(table: string, row: Row): void;
    metric(name: string, value: number, where: { split: string }): void;
  };
}

export async function writeFeatures(context: FeatureContext): Promise<void> {
  const { inputs, folder } = context;
  const source = inputs["from"]!.folder;
  const { scenes, captions, pairs } = await readSceneList(source);
  const pictures = await describePictures(scenes, source, context);
  recordCoverage(pictures, context.record);

  await writeRegions(`${folder}/regions.safetensors`, pictures);
  let offset = 0;
  const images = pictures.map(({ scene: { id, split, family, kin }, descriptors: { length } }) => {
    offset += length;
    const place = { offset: offset - length, regions: length };
    const groups = { ...(family !== undefined && { family }), ...(kin !== undefined && { kin }) };
    return { id, split, ...groups, ...place };
  });
  await writeLines(`${folder}/images.jsonl`, images);

  const training = captions.filter(({ split }) => split === "train");
  const tokenizer = tokenizerFromCaptions(training.map(({ text }) => text));
  await Deno.writeTextFile(`${folder}/tokenizer.json`, tokenizer.json);
  await writeLines(`${folder}/vocabulary.json`, [tokenizer.vocabulary]);
  const regionOfObject = new Map(pictures.map(({ scene, covering }) => [scene.id, covering]));
  await writeLines(
    `${folder}/captions.jsonl`,
    captions.map((line) => tokeniseCaption(line, tokenizer, regionOfObject.get(line.image)!)),
  );
  await writeLines(`${folder}/pairs.jsonl`, pairs);
}

interface DescribedPicture {
  readonly scene: SceneLine;
  /** One per region. */
  readonly descriptors: readonly Float32Array[];
  /** The seven numbers of `boxNumbers`, one list per region. */
  readonly boxes: readonly (readonly number[])[];
  /** Per annotated object, the region that covers it. */
  readonly covering: readonly (number | undefined)[];
}

async function describePictures(
  scenes: readonly SceneLine[],
  source: string,
  { parameters, signal, progress }: FeatureContext,
): Promise<DescribedPicture[]> {
  const pictures: DescribedPicture[] = [];
  for (const scene of scenes) {
    signal.throwIfAborted();
    const pixels = await decodePicture(`${source}/${scene.file}`);
    const regions = findRegions(pixels, { maxRegions: parameters.max_regions });
    pictures.push({
      scene,
      descriptors: regions.map((region) => describeRegion(pixels, region)),
      boxes: regions.map(({ box }) => boxNumbers(box, pixels)),
      // Annotations are used only to measure coverage and to link phrases.
      covering: scene.objects.map(({ box }) => bestRegion(box, regions)),
    });
    progress.report(pictures.length, scenes.length, "images");
  }
  return pictures;
}

/** Records a row per picture, and per split the share of annotated objects that a region covers. */
function recordCoverage(pictures: readonly DescribedPicture[], record: FeatureContext["record"]) {
  const splits = new Map<string, { objects: number; covered: number }>();
  for (const { scene: { id, split }, covering } of pictures) {
    const objects = covering.length;
    const covered = covering.filter((region) => region !== undefined).length;
    record.row("region_coverage", { image: id, split, objects, covered });
    const sum = splits.get(split) ?? { objects: 0, covered: 0 };
    splits.set(split, { objects: sum.objects + objects, covered: sum.covered + covered });
  }
  for (const [split, { objects, covered }] of splits) {
    if (objects > 0) record.metric("gold_coverage", covered / objects, { split });
  }
}

/** Standardises by the training split, or by all pictures if there is no such split. */
async function writeRegions(path: string, pictures: readonly DescribedPicture[]): Promise<void> {
  const rows = pictures.flatMap(({ descriptors }) => descriptors);
  const training = pictures.filter(({ scene }) => scene.split === "train")
    .flatMap(({ descriptors }) => descriptors);
  const scale = scaleOf(training.length > 0 ? training : rows);
  const boxes = pictures.flatMap((picture) => picture.boxes.flat());
  const tensor = (shape: number[], data: Float32Array) => ({ shape, dtype: "F32" as const, data });
  await writeSafetensors(
    path,
    new Map([
      ["features", tensor([rows.length, descriptorWidth], standardise(rows, scale))],
      ["boxes", tensor([rows.length, 7], Float32Array.from(boxes))],
      ["feature_mean", tensor([descriptorWidth], scale.mean)],
      ["feature_deviation", tensor([descriptorWidth], scale.deviation)],
    ]),
  );
}

/** Describes the regions of a picture outside the data, with the scale of an artifact's features. */
export async function describePicture(
  path: string,
  { folder, parameters }: { folder: string; parameters: Readonly<Record<string, unknown>> },
): Promise<{ features: Float32Array; boxes: Float32Array }> {
  const stored = await readSafetensors(`${folder}/regions.safetensors`);
  const scale = {
    mean: stored.get("feature_mean")!.data as Float32Array,
    deviation: stored.get("feature_deviation")!.data as Float32Array,
  };
  const pixels = await decodePicture(path);
  const regions = findRegions(pixels, { maxRegions: parameters["max_regions"] as number });
  if (regions.length === 0) {
    throw new Complaint(
      "no region was found in the picture",
      "search with a picture that shows objects",
      {
        place: { file: path },
      },
    );
  }
  return {
    features: standardise(regions.map((region) => describeRegion(pixels, region)), scale),
    boxes: Float32Array.from(regions.flatMap(({ box }) => boxNumbers(box, pixels))),
  };
}
