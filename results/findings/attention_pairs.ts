/**
 * Pairs whose attentions `analyse_attention` stored: those of each variant's first run, as many as fit on
 * a page. Weights are in thousandths.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import * as v from "valibot";
import { rowsOf } from "../database/read_results.ts";
import { ask, literal, type Question } from "../database/question.ts";
import { dataItems, type DataPlace } from "./data_items.ts";
import type { Variants } from "./variants.ts";

export interface AttentionPairs {
  readonly variants: readonly VariantAttention[];
  /** Image id -> data URL. */
  readonly pictures: Readonly<Record<string, string>>;
  /** Variants that do not fit on the page. */
  readonly left: readonly string[];
  readonly question: Question;
}

export interface VariantAttention {
  readonly variant: string;
  readonly label: string;
  readonly pairs: readonly AttentionPair[];
}

const matrix = v.array(v.array(v.pipe(v.number(), v.finite())));
const places = v.array(v.pipe(v.number(), v.integer(), v.minValue(0)));
/** A line of attention_samples.jsonl. */
const pairSchema = v.object({
  text: v.string(),
  image: v.string(),
  caption: v.string(),
  words: v.array(v.string()),
  boxes: matrix,
  objects: v.array(v.object({ tokens: places, regions: places })),
  layers: v.array(v.object({
    layer: v.number(),
    wordToWord: matrix,
    regionToRegion: matrix,
    wordToRegion: matrix,
    regionToWord: matrix,
    isda: v.nullable(v.number()),
    alignments: v.array(v.object({
      name: v.string(),
      aligned: matrix,
      isdText: v.number(),
      isdImage: v.number(),
    })),
  })),
});

export type AttentionPair = v.InferOutput<typeof pairSchema>;

/** Characters of JSON; the page may have up to 5 MB. */
const room = 2_000_000;
const pictureSide = 320;

/** @returns undefined when no run stored any */
export async function attentionPairs(
  connection: DuckDBConnection,
  place: DataPlace,
  { request, variants: { sql } }: { readonly request: string; readonly variants: Variants },
): Promise<AttentionPairs | undefined> {
  const { rows, ...question } = await ask<
    { run: string; label: string; variant: string; folder: string }
  >(connection, {
    what: "the first run of each variant that stored attentions, in its attention_samples.jsonl",
    sql: `${sql}
SELECT r.run, r.label, coalesce(v.variant, '') AS variant, a.folder
FROM experiment_run AS r
JOIN artifact AS a ON a.run = r.run AND a.kind = 'relations'
LEFT JOIN variant AS v ON v.run = r.run
WHERE r.experiment = ${literal(request)}
QUALIFY row_number() OVER (PARTITION BY v.variant, r.stage ORDER BY r.position) = 1
ORDER BY r.position`,
  });
  const variants: VariantAttention[] = [];
  const left: string[] = [];
  let used = 0;
  for (const { run, variant, label, folder } of rows) {
    const read = readPairs(`${place.root}/${folder}/artifact/attention_samples.jsonl`);
    if (read.length === 0) continue;
    const stored = await withDistances(connection, run, read);
    const { pairs, size } = fitting(stored, variants.length === 0 ? room : room - used);
    if (pairs.length === 0) {
      left.push(variant || label);
      continue;
    }
    used += size;
    variants.push({ variant: variant || label, label, pairs });
  }
  if (variants.length === 0) return undefined;
  const images = new Set(variants.flatMap(({ pairs }) => pairs.map(({ image }) => image)));
  const items = await dataItems(connection, place, rows[0]!.run);
  const pictures = await Promise.all([...images].map(async (image) => {
    const picture = await items.picture(image, pictureSide);
    return picture === undefined ? [] : [[image, picture] as const];
  }));
  return { variants, pictures: Object.fromEntries(pictures.flat()), left, question };
}

/** Takes the distances from the database; those in the samples are rounded to four decimals. */
async function withDistances(
  connection: DuckDBConnection,
  run: string,
  pairs: readonly AttentionPair[],
): Promise<AttentionPair[]> {
  const rows = await rowsOf<DistanceRow>(
    connection,
    `SELECT text, image, layer, alignment, isd_text, isd_image, isda FROM relation_distance
WHERE run = ${literal(run)} AND text IN (${pairs.map(({ text }) => literal(text)).join(", ")})`,
  );
  const id = (...parts: readonly unknown[]) => JSON.stringify(parts);
  const found = new Map(
    rows.map((row) => [id(row.text, row.image, row.layer, row.alignment), row]),
  );
  return pairs.map((pair) => ({
    ...pair,
    layers: pair.layers.map((layer) => {
      const rowOf = (name: string) => found.get(id(pair.text, pair.image, layer.layer, name));
      return {
        ...layer,
        isda: rowOf(layer.alignments[0]?.name ?? "")?.isda ?? layer.isda,
        alignments: layer.alignments.map((one) => ({
          ...one,
          isdText: rowOf(one.name)?.isd_text ?? one.isdText,
          isdImage: rowOf(one.name)?.isd_image ?? one.isdImage,
        })),
      };
    }),
  }));
}

interface DistanceRow {
  readonly text: string;
  readonly image: string;
  readonly layer: number;
  readonly alignment: string;
  readonly isd_text: number | null;
  readonly isd_image: number | null;
  readonly isda: number | null;
}

/** All layers of all pairs if they fit, otherwise only the last layer of as many pairs as fit. */
function fitting(
  pairs: readonly AttentionPair[],
  most: number,
): { pairs: readonly AttentionPair[]; size: number } {
  const sizeOf = (some: readonly AttentionPair[]) => JSON.stringify(some).length;
  const size = sizeOf(pairs);
  if (size <= most) return { pairs, size };
  const last = pairs.map((pair) => ({ ...pair, layers: pair.layers.slice(-1) }));
  const kept: AttentionPair[] = [];
  let used = 0;
  for (const pair of last) {
    const more = sizeOf([pair]);
    if (used + more > most) break;
    used += more;
    kept.push(pair);
  }
  return { pairs: kept, size: used };
}

/** Skips malformed lines: a report is written from whatever is readable. */
function readPairs(path: string): AttentionPair[] {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    try {
      const { success, output } = v.safeParse(pairSchema, JSON.parse(line));
      return success ? [inThousandths(output)] : [];
    } catch {
      return [];
    }
  });
}

function inThousandths(pair: AttentionPair): AttentionPair {
  const round = (rows: number[][]) => rows.map((row) => row.map((x) => Math.round(1000 * x)));
  return {
    ...pair,
    layers: pair.layers.map((layer) => ({
      ...layer,
      wordToWord: round(layer.wordToWord),
      regionToRegion: round(layer.regionToRegion),
      wordToRegion: round(layer.wordToRegion),
      regionToWord: round(layer.regionToWord),
      alignments: layer.alignments.map((one) => ({ ...one, aligned: round(one.aligned) })),
    })),
  };
}
