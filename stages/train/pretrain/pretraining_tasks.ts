/**
 * What a pretraining step can be about, and which it is: one task per update, as UNITER draws it.
 * Source: UNITER (arXiv 1909.11740, section 3.2), which draws one task per batch by weight.
 */
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import type { Task } from "../../model/parameters.ts";

/**
 * `joint`: masked words on half of the pairs, matching on the other half, and word-region contrast.
 * The others stand alone; those that mask mask one modality only, so that the other can help.
 */
export type PretrainingTask = "joint" | Exclude<Task, "ranking">;

/** Their order decides what is drawn. */
const order: readonly PretrainingTask[] = [
  "joint",
  "masked_words",
  "masked_region_features",
  "masked_region_classes",
  "matching",
  "word_region_transport",
  "word_region_contrast",
  "branch_contrast",
  "pair_ranking",
];

/** Task -> its weight; a task that is left out has none. */
export type TaskMix = { readonly [task in PretrainingTask]?: number | undefined };

/** The tasks that can be drawn. */
export function tasksOf(mix: TaskMix): PretrainingTask[] {
  return order.filter((task) => (mix[task] ?? 0) > 0);
}

/** The task of an update, by the weights. */
export function drawTask(mix: TaskMix, random: RandomStream, update: number): PretrainingTask {
  const tasks = tasksOf(mix);
  const total = tasks.reduce((sum, task) => sum + mix[task]!, 0);
  let left = random.fork("task").uniform(update) * total;
  for (const task of tasks) {
    left -= mix[task]!;
    if (left < 0) return task;
  }
  return tasks.at(-1)!;
}

/** What a task trains. */
export function trainedBy(task: PretrainingTask): readonly Task[] {
  return task === "joint" ? ["matching", "masked_words"] : [task];
}
