/** Writes a features artifact: regions of every picture, word pieces of every caption. */
import { readLines, writeLines } from "../data/json_lines.ts";
import { writeSafetensors } from "../data/safetensors.ts";
import { type CaptionTokenizer, tokenizerFromCaptions } from "../data/tokenizer.ts";
import { bestRegion, type Box } from "./coverage.ts";
import { describeRegion, descriptorWidth } from "./descriptors.ts";
import { decodePicture } from "./pixels.ts";
import { findRegions, type Region } from "./regions.ts";

export interface FeatureParameters {
  readonly max_regions: number;
}

type Row = Readonly<Record<string, string | number>>;

/** What this needs of a stage's context. */
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

interface SceneLine {
  readonly id: string;
  readonly split: string;
  readonly file: string;
  readonly objects?: readonly { readonly box: Box }[];
}

interface CaptionLine {
  readonly id: string;
  readonly image: string;
  readonly split: string;
  readonly text: string;
  readonly phrases?: readonly {
    readonly start: number;
    readonly end: number;
    readonly object: number;
  }[];
}

export async function writeFeatures(context: FeatureContext): Promise<void> {
  const { parameters, inputs, folder, signal, progress, record } = context;
  const source = inputs["from"]!.folder;
  const scenes = await readLines<SceneLine>(`${source}/scenes.jsonl`);
  const captions = await readLines<CaptionLine>(`${source}/captions.jsonl`);
  const described: Float32Array[] = [];
  const boxes: number[] = [];
  const images: object[] = [];
  const regionOfObject = new Map<string, (number | undefined)[]>();
  const covered = new Map<string, { objects: number; covered: number }>();
  for (const { id, split, file, objects = [] } of scenes) {
    signal.throwIfAborted();
    const pixels = await decodePicture(`${source}/${file}`);
    const regions = findRegions(pixels, { maxRegions: parameters.max_regions });
    images.push({ id, split, offset: described.length, regions: regions.length });
    for (const region of regions) {
      described.push(describeRegion(pixels, region));
      boxes.push(...boxNumbers(region, pixels));
    }
    // What the generator knows is used from here on alone: to measure, and to link gold phrases.
    const found = objects.map(({ box }) => bestRegion(box, regions));
    regionOfObject.set(id, found);
    const hits = found.filter((region) => region !== undefined).length;
    record.row("region_coverage", { image: id, split, objects: objects.length, covered: hits });
    const sum = covered.get(split) ?? { objects: 0, covered: 0 };
    covered.set(split, { objects: sum.objects + objects.length, covered: sum.covered + hits });
    progress.report(images.length, scenes.length, "images");
  }
  for (const [split, { objects, covered: hits }] of covered) {
    if (objects > 0) record.metric("gold_coverage", hits / objects, { split });
  }
  const training = (images as { split: string; offset: number; regions: number }[])
    .filter(({ split }) => split === "train")
    .flatMap(({ offset, regions }) => described.slice(offset, offset + regions));
  const scale = standardisation(training.length > 0 ? training : described);
  const rows = described.length;
  const width = descriptorWidth;
  const tensor = (shape: number[], data: Float32Array) => ({ shape, dtype: "F32" as const, data });
  await writeSafetensors(
    `${folder}/regions.safetensors`,
    new Map([
      ["features", tensor([rows, width], standardised(described, scale))],
      ["boxes", tensor([rows, 7], Float32Array.from(boxes))],
      ["feature_mean", tensor([width], scale.mean)],
      ["feature_deviation", tensor([width], scale.deviation)],
    ]),
  );
  const tokenizer = tokenizerFromCaptions(
    captions.filter(({ split }) => split === "train").map(({ text }) => text),
  );
  await Deno.writeTextFile(`${folder}/tokenizer.json`, tokenizer.json);
  await Deno.writeTextFile(
    `${folder}/vocabulary.json`,
    `${JSON.stringify(tokenizer.vocabulary)}\n`,
  );
  await writeLines(`${folder}/images.jsonl`, images);
  await writeLines(
    `${folder}/captions.jsonl`,
    captions.map((caption) =>
      withTokens(caption, tokenizer, regionOfObject.get(caption.image) ?? [])
    ),
  );
  await writeLines(`${folder}/pairs.jsonl`, await readLines(`${source}/pairs.jsonl`));
}

/** x1, y1, x2, y2, w, h of the picture's size, and w * h in float32 as the release computes it. */
export function boxNumbers(
  { box: [x1, y1, x2, y2] }: Pick<Region, "box">,
  { width, height }: { readonly width: number; readonly height: number },
): number[] {
  const w = Math.fround((x2 - x1) / width);
  const h = Math.fround((y2 - y1) / height);
  return [x1 / width, y1 / height, x2 / width, y2 / height, w, h, Math.fround(w * h)];
}

interface Scale {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Mean and deviation of each number; a number that never changes keeps deviation 1. */
function standardisation(rows: readonly Float32Array[]): Scale {
  const mean = new Float64Array(descriptorWidth);
  const square = new Float64Array(descriptorWidth);
  for (const row of rows) {
    row.forEach((value, i) => {
      mean[i]! += value / rows.length;
      square[i]! += value * value / rows.length;
    });
  }
  const deviation = Float32Array.from(square, (s, i) => {
    const variance = s - mean[i]! ** 2;
    return variance > 1e-8 ? Math.sqrt(variance) : 1;
  });
  return { mean: Float32Array.from(mean), deviation };
}

/** (x - mean) / deviation, cut at 5 deviations. */
function standardised(rows: readonly Float32Array[], { mean, deviation }: Scale): Float32Array {
  const all = new Float32Array(rows.length * descriptorWidth);
  rows.forEach((row, r) =>
    row.forEach((value, i) => {
      const scaled = (value - mean[i]!) / deviation[i]!;
      all[r * descriptorWidth + i] = Math.max(-5, Math.min(5, scaled));
    })
  );
  return all;
}

/** A caption with its token ids, and each gold phrase with its tokens and its region. */
function withTokens(
  { id, image, split, text, phrases = [] }: CaptionLine,
  tokenizer: CaptionTokenizer,
  regionOfObject: readonly (number | undefined)[],
): object {
  const count = (part: string) => tokenizer.encode(part).length;
  return {
    id,
    image,
    split,
    text,
    tokens: tokenizer.encode(text),
    phrases: phrases.map(({ start, end, object }) => ({
      start,
      end,
      token_start: count(text.slice(0, start)),
      token_end: count(text.slice(0, end)),
      object,
      region: regionOfObject[object] ?? null,
    })),
  };
}
