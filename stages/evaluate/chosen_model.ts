/** Compares the candidates of a choice by one metric, and copies the model of the best one. */
import * as v from "valibot";
import { type Candidate, candidateInput, pointText } from "../../pipeline/contract/candidates.ts";
import { Complaint, didYouMean } from "../../pipeline/contract/complaint.ts";
import type { StageContext } from "../../pipeline/contract/stage.ts";
import { readLines } from "../data/formats/json_lines.ts";

export interface ChoiceParameters {
  readonly metric: string;
  readonly split: string;
  readonly take: "highest" | "lowest";
}

/** What the pipeline adds to the parameters of a stage that gathers. */
interface Gathered {
  readonly candidates: readonly Candidate[];
}

const metricSchema = v.looseObject({
  name: v.string(),
  split: v.nullish(v.string()),
  value: v.unknown(),
});

/** Records a row of `choice` for each candidate, and metrics `chosen_…` for chosen numbers. */
export async function chooseModel(context: StageContext<ChoiceParameters>): Promise<void> {
  const { parameters, inputs, folder, record, progress } = context;
  const { metric, split, take, candidates } = parameters as ChoiceParameters & Gathered;
  const values: number[] = [];
  for (const candidate of candidates) {
    const evaluation = inputs[candidateInput("by", candidate)]!;
    values.push(await metricOf(evaluation.folder, { metric, split }));
  }
  const chosen = bestOf(values, take);
  if (chosen === undefined) {
    throw new Complaint(
      `\`${metric}\` on \`${split}\` is not a number for any candidate`,
      "look at the trainings: their losses may have become infinite",
    );
  }
  candidates.forEach((candidate, place) =>
    record.row("choice", {
      position: place + 1,
      point: pointText(candidate),
      metric,
      split,
      value: values[place]!,
      chosen: place === chosen,
    })
  );
  const best = candidates[chosen]!;
  for (const [axis, value] of Object.entries(best)) {
    if (typeof value === "number") record.metric(`chosen_${axis}`, value, { split });
  }
  const point = pointText(best) || "the only model";
  progress.say(`chose ${point}: ${metric} ${values[chosen]} on ${split}`);
  await copyModel(inputs[candidateInput("from", best)]!.folder, folder);
}

/** Index of the best number; of equal ones the first. Undefined if there is no number. */
export function bestOf(
  values: readonly number[],
  take: ChoiceParameters["take"],
): number | undefined {
  const sign = take === "highest" ? 1 : -1;
  let best: number | undefined;
  values.forEach((value, place) => {
    if (!Number.isFinite(value)) return;
    if (best === undefined || sign * value > sign * values[best]!) best = place;
  });
  return best;
}

/** @throws Complaint if the evaluation did not record the metric on the split */
async function metricOf(
  evaluation: string,
  { metric, split }: Pick<ChoiceParameters, "metric" | "split">,
): Promise<number> {
  const rows = await readLines(`${evaluation}/rows/metric.jsonl`, metricSchema);
  const found = rows.find((row) => row.name === metric && row.split === split);
  if (found !== undefined) return Number(found.value);
  const names = rows.filter((row) => row.split === split).map(({ name }) => name);
  const splits = [...new Set(rows.map((row) => row.split ?? "no split"))];
  throw new Complaint(
    `the evaluation to choose by has no metric \`${metric}\` on \`${split}\``,
    names.length === 0
      ? `it has metrics on ${splits.join(", ")}; set \`split\` of both stages to the same`
      : didYouMean(metric, names) ?? `its metrics are ${names.join(", ")}`,
  );
}

/** All files but the rows, which belong to the training. */
async function copyModel(from: string, to: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (name === "rows") continue;
    if (isDirectory) {
      await Deno.mkdir(`${to}/${name}`, { recursive: true });
      await copyModel(`${from}/${name}`, `${to}/${name}`);
    } else {
      await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
    }
  }
}
