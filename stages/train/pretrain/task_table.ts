/**
 * The tasks of pretraining by the names that an experiment gives them, and which of them an update is
 * about: one is drawn by weight, as in UNITER (arXiv 1909.11740, section 3.2).
 */
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import type { PretrainingTask } from "./task.ts";
import { branchContrast } from "./tasks/branch_contrast.ts";
import { joint } from "./tasks/joint.ts";
import { maskedRegionClasses } from "./tasks/masked_region_classes.ts";
import { maskedRegionFeatures } from "./tasks/masked_region_features.ts";
import { maskedWords } from "./tasks/masked_words.ts";
import { matching } from "./tasks/matching.ts";
import { pairRanking } from "./tasks/pair_ranking.ts";
import { wordRegionContrast } from "./tasks/word_region_contrast.ts";
import { wordRegionTransport } from "./tasks/word_region_transport.ts";

/** Their order decides which is drawn: new ones go to the end. */
const table = {
  joint,
  masked_words: maskedWords,
  masked_region_features: maskedRegionFeatures,
  masked_region_classes: maskedRegionClasses,
  matching,
  word_region_transport: wordRegionTransport,
  word_region_contrast: wordRegionContrast,
  branch_contrast: branchContrast,
  pair_ranking: pairRanking,
} satisfies Record<string, PretrainingTask>;

export type TaskName = keyof typeof table;
export const taskNames = Object.keys(table) as TaskName[];
export const pretrainingTasks: Readonly<Record<TaskName, PretrainingTask>> = table;

/** Task -> its weight; a task that is left out has none. */
export type TaskMix = { readonly [name in TaskName]?: number | undefined };

/** The tasks that can be drawn. */
export function tasksOf(mix: TaskMix): TaskName[] {
  return taskNames.filter((name) => (mix[name] ?? 0) > 0);
}

/** The task of an update, by the weights. */
export function drawTask(mix: TaskMix, random: RandomStream, update: number): TaskName {
  const names = tasksOf(mix);
  const total = names.reduce((sum, name) => sum + mix[name]!, 0);
  let left = random.fork("task").uniform(update) * total;
  for (const name of names) {
    left -= mix[name]!;
    if (left < 0) return name;
  }
  return names.at(-1)!;
}
