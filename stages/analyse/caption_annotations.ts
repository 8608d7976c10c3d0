/** Annotated objects of captions, from rendered scenes or from Flickr30k Entities. */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { StageContext } from "../../pipeline/contract/stage.ts";
import { readText } from "../../pipeline/contract/text_file.ts";
import { objectsOfEntities, readPhraseObjects } from "../data/annotations/annotated_objects.ts";
import { matchSentence } from "../data/annotations/matched_sentences.ts";
import type { FeatureSet } from "../data/feature_set.ts";
import { type EntityImage, openFlickr30kEntities } from "../data/annotations/flickr30k_entities.ts";
import {
  type CaptionTokenizer,
  openTokenizer,
  tokenizerFromVocabulary,
} from "../data/tokenizer.ts";
import type { AnnotatedObject } from "../metric/annotated_relations.ts";
import type { Box } from "../data/boxes.ts";

export interface AnnotationSource {
  /** @param caption index into `FeatureSet.captions`; one of those requested */
  objectsOf(caption: number): readonly AnnotatedObject[];
}

export interface AnnotationParameters {
  /** Folder of Flickr30k Entities; by default the annotations of the features are used. */
  readonly entities?: string | undefined;
  /** vocab.txt, if the features have no tokenizer. */
  readonly vocabulary?: string | undefined;
  readonly cased: boolean;
}

type AnnotationContext = Pick<
  StageContext<AnnotationParameters>,
  "parameters" | "inputs" | "progress"
>;

/** Reads all annotations at once, so that files that do not fit are reported early. */
export async function captionAnnotations(
  { parameters, inputs, progress }: AnnotationContext,
  set: FeatureSet,
  { captions }: { readonly captions: readonly number[] },
): Promise<AnnotationSource> {
  const { folder } = inputs["features"]!;
  if (parameters.entities === undefined) {
    const objects = await readPhraseObjects(folder, set);
    return { objectsOf: (caption) => objects.get(set.captions[caption]!.id) ?? [] };
  }
  const tokenizer = await tokenizerOf(folder, parameters);
  const entities = openFlickr30kEntities(parameters.entities, set.images.map(({ id }) => id));
  const objects = new Map<number, AnnotatedObject[]>();
  const missing = { image: 0, words: 0 };
  for (const [image, own] of Map.groupBy(captions, (caption) => set.captions[caption]!.image)) {
    const found = entities.read(set.images[image]!.id);
    if (found === undefined) {
      missing.image += own.length;
      continue;
    }
    const regions = boxesOf(set.regions.read(image).boxes);
    for (const caption of own) {
      const matched = objectsIn(found, { caption: set.captions[caption]!, regions, tokenizer });
      if (matched === undefined) missing.words++;
      else objects.set(caption, matched);
    }
  }
  progress.say(summary(captions.length, objects, missing));
  return { objectsOf: (caption) => objects.get(caption) ?? [] };
}

/** The tokenizer of the captions. */
async function tokenizerOf(
  folder: string,
  { vocabulary, cased }: AnnotationParameters,
): Promise<CaptionTokenizer> {
  if (vocabulary !== undefined) {
    return tokenizerFromVocabulary(readText(vocabulary), { cased, file: vocabulary });
  }
  const json = await Deno.readTextFile(`${folder}/tokenizer.json`).catch(() => undefined);
  if (json !== undefined) return openTokenizer(json);
  throw new Complaint(
    "the features do not say how their captions were tokenized",
    "set `vocabulary` to the vocab.txt of the checkpoint, in addition to `entities`",
    { place: { file: folder }, exitCode: 1 },
  );
}

function objectsIn(
  { sentences, boxes }: EntityImage,
  { caption, regions, tokenizer }: {
    caption: FeatureSet["captions"][number];
    regions: readonly Box[];
    tokenizer: CaptionTokenizer;
  },
): AnnotatedObject[] | undefined {
  const matched = matchSentence(caption, sentences, (text) => tokenizer.encode(text));
  if (matched === undefined) return undefined;
  const { sentence, tokensAt } = matched;
  return objectsOfEntities(sentence, { boxes: boxes.boxes, regions, tokensAt });
}

/** x1 y1 x2 y2 from rows of seven numbers. */
function boxesOf(rows: Float32Array): Box[] {
  return Array.from({ length: rows.length / 7 }, (_, row) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = rows.subarray(7 * row);
    return [x1, y1, x2, y2] as const;
  });
}

function summary(
  captions: number,
  objects: ReadonlyMap<number, readonly AnnotatedObject[]>,
  missing: { readonly image: number; readonly words: number },
): string {
  const related = [...objects.values()].filter(({ length }) => length >= 2).length;
  const reasons = [
    { count: missing.image, why: "of images without annotations" },
    { count: missing.words, why: "that match no sentence of their image" },
    { count: objects.size - related, why: "with fewer than two objects that a region shows" },
  ].filter(({ count }) => count > 0).map(({ count, why }) => `${count} ${why}`);
  const rest = reasons.length === 0 ? "" : `; left out: ${reasons.join(", ")}`;
  return `Flickr30k Entities annotates ${related} of ${captions} captions${rest}`;
}
