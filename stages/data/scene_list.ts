/**
 * Reads the lists of a scenes artifact: images with their objects, captions, and pairs of images with swapped
 * captions. Every reference is checked.
 */
import * as v from "valibot";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { natural, readLines } from "./formats/json_lines.ts";

const name = v.pipe(v.string(), v.minLength(1));
const coordinate = v.pipe(v.number(), v.finite());

const text = v.optional(v.string());
const attributes = { shape: text, colour: text, size: text, texture: text };
/** Indices of objects, or of mentions. */
const related = v.object({ relation: name, subject: natural, objects: v.array(natural) });

const sceneSchema = v.object({
  id: name,
  split: name,
  /** Pictures of the same objects in different arrangements. */
  family: v.optional(name),
  /** Families with the same shapes in exchanged colours. */
  kin: v.optional(name),
  file: name,
  // Known for rendered images. Boxes in pixels, half-open: x1, y1, x2, y2.
  objects: v.optional(
    v.array(v.object({
      box: v.tuple([coordinate, coordinate, coordinate, coordinate]),
      ...attributes,
    })),
    [],
  ),
  relations: v.optional(v.array(related)),
});
const captionSchema = v.object({
  id: name,
  image: name,
  split: name,
  text: v.string(),
  // Ranges of characters that name an object.
  phrases: v.optional(v.array(v.object({ start: natural, end: natural, object: natural })), []),
  // Other images that the caption is true of, where that is known.
  also_true_of: v.optional(v.array(name)),
  // What the caption states, where that is known.
  states: v.optional(
    v.object({ mentions: v.array(v.object(attributes)), clauses: v.array(related) }),
  ),
});
const pairSchema = v.object({
  id: name,
  kind: name,
  image_0: name,
  image_1: name,
  caption_0: name,
  caption_1: name,
});

export type SceneLine = v.InferOutput<typeof sceneSchema>;
export type CaptionLine = v.InferOutput<typeof captionSchema>;
export type PairLine = v.InferOutput<typeof pairSchema>;

export interface SceneList {
  readonly scenes: readonly SceneLine[];
  readonly captions: readonly CaptionLine[];
  readonly pairs: readonly PairLine[];
}

/** @throws {Complaint} with the file, and the line if there is one */
export async function readSceneList(folder: string): Promise<SceneList> {
  const scenes = await readLines(`${folder}/scenes.jsonl`, sceneSchema);
  const captions = await readLines(`${folder}/captions.jsonl`, captionSchema);
  const pairs = await readLines(`${folder}/pairs.jsonl`, pairSchema);
  if (scenes.length === 0) throw inconsistent(`${folder}/scenes.jsonl`, "it lists no image");
  const images = idsOf(`${folder}/scenes.jsonl`, scenes);
  const texts = idsOf(`${folder}/captions.jsonl`, captions);
  for (const { id, image, also_true_of: others = [] } of captions) {
    for (const one of [image, ...others]) {
      requireId(`${folder}/captions.jsonl`, images, id, one);
    }
  }
  for (const { id, ...pair } of pairs) {
    const file = `${folder}/pairs.jsonl`;
    for (const image of [pair.image_0, pair.image_1]) requireId(file, images, id, image);
    for (const caption of [pair.caption_0, pair.caption_1]) requireId(file, texts, id, caption);
  }
  return { scenes, captions, pairs };
}

function idsOf(file: string, lines: readonly { readonly id: string }[]): Set<string> {
  const ids = new Set<string>();
  for (const { id } of lines) {
    if (ids.has(id)) throw inconsistent(file, `duplicate id \`${id}\``);
    ids.add(id);
  }
  return ids;
}

function requireId(file: string, known: ReadonlySet<string>, from: string, to: string): void {
  if (!known.has(to)) {
    throw inconsistent(file, `\`${from}\` refers to \`${to}\`, which does not exist`);
  }
}

function inconsistent(file: string, what: string): Complaint {
  return new Complaint(
    `the scenes are inconsistent: ${what}`,
    "rebuild the artifact",
    { place: { file }, exitCode: 1 },
  );
}
