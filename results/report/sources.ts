/** The commands and queries by which everybody can make a report's figures again. */
import type { Question } from "./question.ts";
import type { ReportData } from "./report_data.ts";

export interface Source {
  readonly what: string;
  readonly command?: string;
  readonly sql?: string;
}

/** @param options.results `--results …` as commands of this folder need it, or nothing */
export function sourcesOf(data: ReportData, { results }: { results: string }): Source[] {
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
    { what: "the runs", command: runCommand(data, results) },
    { what: "this report", command: reportCommandText(data, results) },
    ...questions.map(({ what, sql }) => ({ what, sql })),
  ];
}

/** A query as a command: the quotes of SQL are single ones, so that the shell's are double. */
export function sqlCommand(sql: string, results: string): string {
  const quoted = sql.replace(/[\\"$`]/g, "\\$&");
  return [`deno task sql "${quoted}"`, results].filter((part) => part !== "").join(" ");
}

/** Makes what is missing, and nothing else. */
export function runCommand(
  { file, set }: Pick<ReportData, "file" | "set">,
  results: string,
): string {
  return ["deno task run", shellWord(file), ...set.map((one) => `--set ${shellWord(one)}`), results]
    .filter((part) => part !== "").join(" ");
}

function reportCommandText({ file, set }: ReportData, results: string): string {
  return [
    "deno task report",
    shellWord(file),
    ...set.map((one) => `--set ${shellWord(one)}`),
    results,
  ].filter((part) => part !== "").join(" ");
}

export function shellWord(word: string): string {
  return /^[A-Za-z0-9_.\/:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
