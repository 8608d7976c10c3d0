/** The weights that pretraining starts from: a model's, and what its tasks add to them. */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import type { HostWeights } from "../../model/weights.ts";
import { startingTensor } from "../../model/initial_weights.ts";
import { extraParameters } from "../../model/parameters.ts";
import type { PretrainingTask, StartSource } from "./task.ts";

export async function startingWeights(
  tasks: readonly PretrainingTask[],
  source: StartSource,
): Promise<HostWeights> {
  let weights = source.model.weights;
  for (const task of tasks) {
    const added = await (task.start?.(source) ?? freshHeads(task, source));
    weights = { ...weights, ...added };
  }
  return weights;
}

/** @throws {Complaint} for a head that the model has for another number of classes */
function freshHeads(
  { trains }: PretrainingTask,
  { model: { config, weights }, classes, random }: StartSource,
): HostWeights {
  const wanted = extraParameters(config, { classes: classes?.count })
    .filter(({ name }) => trains.some((prefix) => name.startsWith(prefix)));
  const fresh = wanted.flatMap((parameter) => {
    const found = weights[parameter.name];
    if (found === undefined) {
      return [[parameter.name, startingTensor(parameter, config, random)] as const];
    }
    if (String(found.shape) === String(parameter.shape)) return [];
    throw new Complaint(
      `the model's \`${parameter.name}\` is [${found.shape}]; these features want ` +
        `[${parameter.shape}]`,
      "start from a model that was trained on the same classes of regions, or on none",
      { exitCode: 1 },
    );
  });
  return Object.fromEntries(fresh);
}
