/** `show`: everything that is known about one run. */
import { valueText } from "../database/row_writer.ts";
import { findRun } from "./find_run.ts";
import { metricText } from "../text/metrics.ts";
import { readResults } from "../database/read_results.ts";
import { recordOf, type RunRecord } from "./run_record.ts";
import { secondsText, timeText } from "../text/number_text.ts";
import { bytesText } from "../../pipeline/terminal/terminal_text.ts";
import { textTable } from "../../pipeline/terminal/text_table.ts";

export interface ShowOptions {
  readonly json: boolean;
  warn(line: string): void;
}

/** @param word beginning of a key, or a label */
export async function showCommand(
  root: string,
  word: string,
  { json, warn }: ShowOptions,
): Promise<string> {
  const { record, others } = await readResults(root, async (connection) => {
    const { run, others } = await findRun(connection, word);
    return { record: await recordOf(connection, root, run), others };
  }, { warn });
  return json ? JSON.stringify(record, null, 1) + "\n" : showText(record, { root, others });
}

const mostFiles = 20;

export function showText(
  record: RunRecord,
  { root, others }: { readonly root: string; readonly others: number },
): string {
  const { artifact, failure, metrics } = record;
  const splits = metrics.some(({ split }) => split !== null);
  const bytes = artifact?.files.reduce((sum, { size }) => sum + size, 0) ?? 0;
  const left = (artifact?.files.length ?? 0) - mostFiles;
  return [
    record.label,
    ...indented([
      ["key", record.run],
      ["state", stateText(record)],
      ...(failure === null ? [] : [["failure", failure.what]]),
      ...(failure?.fix === undefined ? [] : [["fix", failure.fix]]),
      ...(record.why === null ? [] : [["why", record.why]]),
      ...record.experiments.map(({ experiment, label }) => [
        "needed by",
        label === record.label ? experiment : `${experiment}, as ${label}`,
      ]),
      ...(others === 0 ? [] : [["others", `${others} earlier ${plural(others)} with this label`]]),
    ]),
    ...block("parameters", Object.entries(record.parameters).map(([n, v]) => [n, valueText(v)])),
    ...block(
      "inputs",
      record.inputs.map(({ port, run, label }) => [port, label ?? "(not stored)", run.slice(0, 8)]),
    ),
    ...block(
      "files from outside",
      Object.entries(record.outside).map((
        [role, digest],
      ) => [role, `digest ${digest.slice(0, 8)}`]),
    ),
    ...block("made with", [
      ...Object.entries(record.versions),
      ...(record.code === null ? [] : [["code", `digest ${record.code.slice(0, 8)}`]]),
    ]),
    ...block(
      "metrics",
      metrics.map(({ name, split, value }) => [
        name,
        ...(splits ? [split ?? ""] : []),
        metricText(value),
      ]),
    ),
    ...(artifact === null ? [] : [
      "",
      `artifact: ${artifact.kind}, ${bytesText(bytes)}, digest ${artifact.digest.slice(0, 8)}`,
      `  ${root}/${artifact.folder}/artifact`,
      ...indented(artifact.files.slice(0, mostFiles).map((f) => [f.path, bytesText(f.size)])),
      ...(left > 0 ? [`  … ${left} more; --json lists all`] : []),
    ]),
    ...(record.logs.length === 0
      ? []
      : ["", "logs", ...record.logs.map((log) => `  ${root}/${log}`)]),
    "",
  ].join("\n");
}

function stateText({ status, kind, started, seconds, host }: RunRecord): string {
  return [
    `${kind}, ${status}`,
    ...(started === null ? [] : [timeText(started)]),
    ...(seconds === null ? [] : [secondsText(seconds)]),
    ...(host === null ? [] : [`on ${host}`]),
  ].join(", ");
}

function plural(count: number): string {
  return count === 1 ? "run" : "runs";
}

function block(title: string, rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : ["", title, ...indented(rows)];
}

/** A table with all columns aligned left. */
function indented(rows: readonly (readonly string[])[]): string[] {
  return textTable(rows, Infinity).map((line) => `  ${line}`);
}
