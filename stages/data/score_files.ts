/** Reads the scores of an evaluation's artifact. */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { readSafetensors } from "./formats/safetensors.ts";

export interface StoredScores {
  readonly split: string;
  /** Ids of captions, one per row. */
  readonly texts: readonly string[];
  /** Ids of images, one per column. */
  readonly images: readonly string[];
  /** float32 [text, image]. */
  readonly scores: Float32Array;
}

/** @throws {Complaint} when the files are missing or inconsistent */
export async function readScores(folder: string): Promise<StoredScores> {
  const scores = (await readSafetensors(`${folder}/scores.safetensors`)).get("scores")?.data;
  const file = `${folder}/index.json`;
  const index = JSON.parse(await Deno.readTextFile(file)) as Omit<StoredScores, "scores">;
  const count = index.texts.length * index.images.length;
  if (!(scores instanceof Float32Array) || scores.length !== count) {
    throw new Complaint(
      `the scores are not a matrix of ${index.texts.length} captions x ${index.images.length} images`,
      "run the evaluation again",
      { place: { file }, exitCode: 1 },
    );
  }
  return { ...index, scores };
}
