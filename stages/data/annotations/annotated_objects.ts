/**
 * The objects that a caption mentions and the regions that show them, in one form for all sources: rendered
 * scenes (phrases of captions.jsonl), and Flickr30k Entities with phrases and boxes for photos.
 *
 * Phrases that refer to the same entity (a person and, later, "himself") are one object. Objects without a
 * token or without a region are omitted.
 */
import * as v from "valibot";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import type { AnnotatedObject } from "../../metric/annotated_relations.ts";
import { bestRegion, type Box } from "../boxes.ts";
import type { FeatureSet } from "../feature_set.ts";
import { natural, readLines } from "../formats/json_lines.ts";
import { type EntitySentence, noEntity } from "./entity_sentences.ts";

/** Phrases in captions.jsonl of a features artifact. */
const phrasesSchema = v.array(v.object({
  token_start: natural,
  token_end: natural,
  object: natural,
  region: v.nullable(natural),
}));
const captionSchema = v.object({ id: v.string(), phrases: v.optional(phrasesSchema, []) });

/**
 * The objects of each caption of a features artifact, by the caption's id; none for features that were not
 * made from scenes.
 *
 * @param folder the artifact
 * @throws {Complaint} when a phrase refers to a word piece or a region that does not exist
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
    const outside = phrases.some(({ token_end, region }) =>
      token_end > pieces || (region ?? -1) >= regions
    );
    if (outside) {
      throw new Complaint(
        `\`${id}\` has a phrase outside its ${pieces} word pieces or its image's ${regions} regions`,
        "rebuild the artifact: its files are inconsistent",
        { place: { file }, exitCode: 1 },
      );
    }
    return [id, objectsOfPhrases(phrases)];
  }));
}

/** The objects of a caption with annotated regions. */
export function objectsOfPhrases(
  phrases: v.InferOutput<typeof phrasesSchema>,
): AnnotatedObject[] {
  return mergePhrases(phrases.map(({ token_start, token_end, object, region }) => ({
    object: String(object),
    tokens: { start: token_start, end: token_end },
    regions: region === null ? [] : [region],
  })));
}

/** Smallest intersection over union at which a region shows an annotated box. */
const OVERLAP = 0.5;

/**
 * The objects of a sentence of Flickr30k Entities. An entity's regions are, for each of its boxes, the region
 * with the largest overlap (the last of equals), if the intersection over union is at least 0.5.
 *
 * @param options.tokensAt word pieces of a half-open range of the sentence's characters
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
  return mergePhrases(
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

/** Merges the phrases of each object, in the order of its first mention. */
function mergePhrases(
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
