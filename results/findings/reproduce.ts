/** The commands and queries that reproduce the figures of a report. */
import type { Question } from "../database/question.ts";
import type { ReportData } from "./report_data.ts";

export interface Source {
  readonly what: string;
  readonly command?: string;
  readonly sql?: string;
}

/** How to write commands that use this results folder. */
export interface CommandPlace {
  /** How the program is started: `npx -y deno task` or `deno task`. */
  readonly task: string;
  /** `--results …` where this folder needs it, otherwise empty. */
  readonly option: string;
}

export function sourcesOf(data: ReportData, { results }: { results: CommandPlace }): Source[] {
  const { headline, differences, published, gaps, cost, environment } = data;
  const { curves, relations, examples, attention, changes } = data;
  const questions: Question[] = [
    headline.question,
    differences.question,
    ...(published === undefined ? [] : [published.question]),
    ...(changes === undefined ? [] : [changes.question]),
    gaps.question,
    gaps.metricQuestion,
    gaps.rankQuestion,
    curves.training,
    curves.validation,
    relations.runs,
    relations.queries,
    examples.question,
    ...(attention === undefined ? [] : [attention.question]),
    cost.stages,
    cost.edges,
    environment,
  ];
  return [
    { what: "run the experiment", command: taskCommand("run", data, results) },
    { what: "write this report", command: taskCommand("report", data, results) },
    ...questions.map(({ what, sql }) => ({ what, sql })),
  ];
}

/** A query as a shell command, in double quotes because SQL uses single quotes. */
export function sqlCommand(sql: string, { task, option }: CommandPlace): string {
  const quoted = sql.replace(/[\\"$`]/g, "\\$&");
  return [task, `sql "${quoted}"`, option].filter((part) => part !== "").join(" ");
}

/** The command that computes the missing results, and nothing else. */
export function runCommand(
  data: Pick<ReportData, "file" | "set">,
  place: CommandPlace,
): string {
  return taskCommand("run", data, place);
}

function taskCommand(
  name: "run" | "report",
  { file, set }: Pick<ReportData, "file" | "set">,
  { task, option }: CommandPlace,
): string {
  return [task, name, shellWord(file), ...set.map((one) => `--set ${shellWord(one)}`), option]
    .filter((part) => part !== "").join(" ");
}

export function shellWord(word: string): string {
  return /^[A-Za-z0-9_.\/:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
