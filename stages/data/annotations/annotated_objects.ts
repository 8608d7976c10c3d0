/**
 * What a caption names and which regions show it, in one form for every source: rendered scenes know it
 * (phrases of captions.jsonl), of photos Flickr30k Entities has phrases and boxes.
 *
 * An object is what a caption names, not a phrase: phrases that name the same (a person and, later, his
 * "himself") are one object. Objects without a token or without a region are left out.
 */
import * as v from "valibot";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import type { AnnotatedObject } from "../../metric/annotated_relations.ts";
import { bestRegion, type Box } from "../boxes.ts";
import type { FeatureSet } from "../feature_set.ts";
import { readLines } from "../formats/json_lines.ts";
import { type EntitySentence, noEntity } from "./entity_sentences.ts";

const natural = v.pipe(v.number(), v.integer(), v.minValue(0));

/** As captions.jsonl of a features artifact has them. */
const phrasesSchema = v.array(v.object({
  token_start: natural,
  token_end: natural,
  object: natural,
  region: v.nullable(natural),
}));
const captionSchema = v.object({ id: v.string(), phrases: v.optional(phrasesSchema, []) });

/**
 * Of each caption of a features artifact, the objects that its own phrases know: none where it was not
 * made of scenes.
 *
 * @param folder of the artifact
 * @throws {Complaint} when a phrase names a word piece or a region that is not there
 */
export async function readPhraseObjects(
  folder: string,
  { captions, images }: Pick<FeatureSet, "captions" | "images">,
): Promise<ReadonlyMap<string, readonly AnnotatedObject[]>> {
  const file = `${folder}/captions.jsonl`;
  const lines = await readLines(file, captionSchema);
  const known = new Map(captions.map((caption) => [caption.id, caption]));
  return new Map(lines.map(({ id, phrases }) => {
    const caption = known.get(id);
    const pieces = caption?.tokens.length ?? 0;
    const regions = caption === undefined ? 0 : images[caption.image]!.regions;
    const wild = phrases.some(({ token_end, region }) =>
      token_end > pieces || (region ?? -1) >= regions
    );
    if (wild) {
      throw new Complaint(
        `\`${id}\` has a phrase beyond its ${pieces} word pieces or its image's ${regions} regions`,
        "make the artifact again: its files do not fit together",
        { place: { file }, exitCode: 1 },
      );
    }
    return [id, objectsOfPhrases(phrases)];
  }));
}

/** The objects of a caption whose phrases know their region. */
export function objectsOfPhrases(
  phrases: v.InferOutput<typeof phrasesSchema>,
): AnnotatedObject[] {
  return gathered(phrases.map(({ token_start, token_end, object, region }) => ({
    object: String(object),
    tokens: { start: token_start, end: token_end },
    regions: region === null ? [] : [region],
  })));
}

/** Regions overlap a box when their intersection over union reaches this. */
const OVERLAP = 0.5;

/**
 * The objects of a sentence of Flickr30k Entities. An entity's regions: for each of its boxes the region
 * that overlaps it most (of equals the last), if by an intersection over union of 0.5 at least.
 *
 * @param options.tokensAt the word pieces of a range of the sentence's characters, half-open
 * @param options.regions x1 y1 x2 y2 of each region, as fractions of the image
 */
export function objectsOfEntities(
  { phrases }: EntitySentence,
  { boxes, regions, tokensAt }: {
    readonly boxes: ReadonlyMap<string, readonly Box[]>;
    readonly regions: readonly Box[];
    readonly tokensAt: (start: number, end: number) => TokenRange;
  },
): AnnotatedObject[] {
  const candidates = regions.map((box) => ({ box }));
  return gathered(
    phrases.filter(({ entity }) => entity !== noEntity).map(({ start, end, entity }) => ({
      object: entity,
      tokens: tokensAt(start, end),
      regions: (boxes.get(entity) ?? []).flatMap((box) =>
        bestRegion(box, candidates, { threshold: OVERLAP }) ?? []
      ),
    })),
  );
}

/** Half-open. */
export interface TokenRange {
  readonly start: number;
  readonly end: number;
}

/** One object for all phrases that name it, in the order in which they are first named. */
function gathered(
  phrases: readonly { object: string; tokens: TokenRange; regions: readonly number[] }[],
): AnnotatedObject[] {
  const objects = [...Map.groupBy(phrases, ({ object }) => object).values()].map((same) => ({
    tokens: ascending(
      same.flatMap(({ tokens: { start, end } }) =>
        Array.from({ length: Math.max(0, end - start) }, (_, place) => start + place)
      ),
    ),
    regions: ascending(same.flatMap(({ regions }) => regions)),
  }));
  return objects.filter(({ tokens, regions }) => tokens.length > 0 && regions.length > 0);
}

function ascending(places: readonly number[]): number[] {
  return [...new Set(places)].sort((a, b) => a - b);
}
