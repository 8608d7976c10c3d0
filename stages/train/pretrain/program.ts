/** The recorded program of a pretraining task: it draws a batch, runs a step and reports its numbers. */
import * as tf from "@tensorflow/tfjs-core";
import type { ImageSupply } from "../../batch/image_supply.ts";
import type { TextTable } from "../../batch/row_tables.ts";
import type { Configuration } from "../../model/configuration.ts";
import type { Compute } from "../../tensorflow/kernels/backend.ts";
import { compileOnce } from "../../tensorflow/programs/compile.ts";
import type { UpdateGradients } from "../loop.ts";
import { pretrainingStep, type StepInputs } from "./step.ts";
import type { BatchSource, HostBatch, PretrainingObjective } from "./task.ts";
import { pretrainingTasks, type TaskName } from "./task_table.ts";

export interface ObjectiveParameters {
  readonly contrast_weight: number;
  readonly temperature: number;
  readonly feature_drop: number;
  readonly region_drop: number;
  readonly transport_weight: number;
  readonly transport_iterations: number;
  readonly transport_beta: number;
  readonly branch_weight: number;
}

export function objectiveOf(p: ObjectiveParameters): PretrainingObjective {
  return {
    temperature: p.temperature,
    drops: { feature: p.feature_drop, region: p.region_drop },
    contrastWeight: p.contrast_weight,
    transport: {
      weight: p.transport_weight,
      iterations: p.transport_iterations,
      beta: p.transport_beta,
    },
    branchWeight: p.branch_weight,
  };
}

export interface ProgramOptions {
  readonly config: Configuration;
  readonly objective: PretrainingObjective;
  readonly source: BatchSource;
  /** Texts, and what tasks need besides; freed by the caller. */
  readonly texts: TextTable;
  readonly images: ImageSupply;
  readonly xla: boolean;
}

/** Gradients of what a task trains, in one update. @param update from 1 */
export type TaskProgram = (weights: Record<string, tf.Tensor>, update: number) => UpdateGradients;

export function taskProgram(
  compute: Compute,
  name: TaskName,
  { config, objective, source, texts, images, xla }: ProgramOptions,
): TaskProgram {
  const task = pretrainingTasks[name];
  const step = compileOnce(
    compute,
    (inputs: StepInputs) => pretrainingStep(config, task, objective, inputs),
    { name: `pretraining_${name}`, xla, decides: [config, name, objective] },
  );
  return (weights, update) => {
    const host = task.batch(source, update);
    const batch = onDevice(host);
    const key = tf.tensor1d([...source.random.fork("step").fork(update).key], "int32");
    const { table, free } = images.tableOf(host["images"]!.values);
    const tables = { ...texts, ...table };
    const { gradients, numbers, scores } = step({ weights, tables, batch, key });
    const [loss = NaN, ...values] = numbers.dataSync();
    const signs = task.signs?.(scores.dataSync(), host);
    tf.dispose([batch, key, numbers, scores]);
    free();
    const reported = Object.fromEntries(task.reports.map((column, i) => [column, values[i]!]));
    return {
      gradients,
      numbers: { loss, ...reported },
      signs,
      note: task.note?.(reported) ?? `${name.replaceAll("_", " ")} ${loss.toFixed(3)}`,
    };
  };
}

function onDevice(host: HostBatch): Record<string, tf.Tensor> {
  const typeOf = (values: Int32Array | Float32Array) =>
    values instanceof Int32Array ? "int32" : "float32";
  return Object.fromEntries(
    Object.entries(host).map(([name, { shape, values }]) =>
      [name, tf.tensor(values, [...shape], typeOf(values))] as const
    ),
  );
}
