/** The commands and queries by which everybody can make a report's figures again. */
import type { Question } from "../database/question.ts";
import type { ReportData } from "./report_data.ts";

export interface Source {
  readonly what: string;
  readonly command?: string;
  readonly sql?: string;
}

/** How commands are written that ask this results folder. */
export interface CommandPlace {
  /** How the program is started: `npx -y deno task` or `deno task`. */
  readonly task: string;
  /** `--results …` as this folder needs it, or nothing. */
  readonly option: string;
}

export function sourcesOf(data: ReportData, { results }: { results: CommandPlace }): Source[] {
  const { headline, differences, published, gaps, cost, environment } = data;
  const { curves, relations, examples, attention, against } = data;
  const questions: Question[] = [
    headline.question,
    differences.question,
    ...(published === undefined ? [] : [published.question]),
    ...(against === undefined ? [] : [against.question]),
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
    { what: "the runs", command: taskCommand("run", data, results) },
    { what: "this report", command: taskCommand("report", data, results) },
    ...questions.map(({ what, sql }) => ({ what, sql })),
  ];
}

/** A query as a command: the quotes of SQL are single ones, so that the shell's are double. */
export function sqlCommand(sql: string, { task, option }: CommandPlace): string {
  const quoted = sql.replace(/[\\"$`]/g, "\\$&");
  return [task, `sql "${quoted}"`, option].filter((part) => part !== "").join(" ");
}

/** Makes what is missing, and nothing else. */
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
