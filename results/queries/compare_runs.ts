/** `compare`: differences between two runs or two experiments, and their metrics side by side. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { mixedText } from "../../pipeline/contract/mixed_facts.ts";
import { wrapped } from "../../pipeline/terminal/terminal_text.ts";
import { compareExperiments, experimentsText } from "./compare_experiments.ts";
import {
  type KeyDifference,
  keyDifferencesTable,
  knownNodes,
  runDifferences,
} from "./key_differences.ts";
import { findRequest, type PresentRequest } from "./find_request.ts";
import { findRun } from "./find_run.ts";
import { differenceOf, inOrder, type MetricPair, metricText, signedText } from "../text/metrics.ts";
import { readResults } from "../database/read_results.ts";
import { recordOf, type RunRecord } from "./run_record.ts";
import { secondsText, timeText } from "../text/number_text.ts";
import { tableLines } from "../text/sql_table.ts";

export interface RunComparison {
  readonly a: RunRecord;
  readonly b: RunRecord;
  readonly differences: readonly KeyDifference[];
  readonly metrics: readonly MetricPair[];
  /** Set where the two were computed in different circumstances that are not part of keys. */
  readonly caution?: string;
}

export interface CompareOptions {
  readonly json: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  warn(line: string): void;
}

/** A run or an experiment. */
export interface ComparedWord {
  readonly name: string;
  /** What its file requests now, where it was given as a file. */
  readonly present?: PresentRequest;
}

/**
 * @param both two runs (beginning of a key, or label) or two experiments (name, `name~1` for the request
 *   before the last change of parameters, or a file with its present parameters)
 */
export async function compareCommand(
  root: string,
  both: readonly [ComparedWord, ComparedWord],
  { json, width, warn }: CompareOptions,
): Promise<string> {
  const [first, second] = both.map(({ name }) => name) as [string, string];
  const print = <Result>(result: Result, text: (result: Result, width: number) => string) =>
    json ? JSON.stringify(result, null, 1) + "\n" : text(result, width);
  return await readResults(root, async (connection) => {
    const [a, b] = both.map(({ name, present }) => findRequest(root, name, { present, warn }));
    if (a !== undefined && b !== undefined) {
      return print(await compareExperiments(connection, [a, b]), experimentsText);
    }
    const find = async (word: string, other: string, isExperiment: boolean) => {
      try {
        return (await findRun(connection, word)).run;
      } catch (error) {
        throw isExperiment ? mixed(word, other) : error; // a run can have the name of an experiment
      }
    };
    const runs = [
      await find(first, second, a !== undefined),
      await find(second, first, b !== undefined),
    ] as const;
    return print(await compareRuns(connection, root, runs), comparisonText);
  }, { warn });
}

async function compareRuns(
  connection: DuckDBConnection,
  root: string,
  [first, second]: readonly [string, string],
): Promise<RunComparison> {
  const a = await recordOf(connection, root, first);
  const b = await recordOf(connection, root, second);
  const nodes = await knownNodes(connection, root);
  const caution = mixedText([a.versions, b.versions]);
  return {
    a,
    b,
    differences: runDifferences(first, second, nodes),
    metrics: sideBySide(a, b),
    ...(caution !== undefined && { caution }),
  };
}

function sideBySide({ metrics: a }: RunRecord, { metrics: b }: RunRecord): MetricPair[] {
  const names = new Map([...a, ...b].map((one) => [`${one.name} ${one.split}`, one]));
  return inOrder([...names.values()]).map(({ name, split }) => {
    const [from, to] = [a, b].map((metrics) =>
      metrics.find((metric) => metric.name === name && metric.split === split)?.value ?? null
    ) as [number | null, number | null];
    return { name, split, a: from, b: to, difference: differenceOf(from, to) };
  });
}

function comparisonText(
  { a, b, differences, metrics, caution }: RunComparison,
  width: number,
): string {
  if (a.run === b.run) return `${a.label} and ${b.label} are the same run, ${a.run}\n`;
  const heads = [["A", a], ["B", b]] as const;
  const widest = Math.max(...heads.map(([, { label }]) => label.length));
  const splits = metrics.some(({ split }) => split !== null);
  return [
    ...heads.map(([name, run]) => `${name}  ${run.label.padEnd(widest)}  ${headText(run)}`),
    "",
    ...(differences.length === 0
      ? ["they do not differ in anything that decides a result"]
      : keyDifferencesTable(differences, width)),
    "",
    ...(metrics.length === 0 ? ["neither has metrics"] : tableLines({
      columns: [
        { name: "metric", numeric: false },
        ...(splits ? [{ name: "split", numeric: false }] : []),
        ...["A", "B", "B - A"].map((name) => ({ name, numeric: true })),
      ],
      rows: metrics.map((one) => [
        one.name,
        ...(splits ? [one.split ?? ""] : []),
        metricText(one.a),
        metricText(one.b),
        signedText(one.difference),
      ]),
    }, width)),
    ...(caution === undefined
      ? []
      : ["", ...wrapped(caution, Number.isFinite(width) ? width : 80)]),
    "",
  ].join("\n");
}

function headText({ run, status, started, seconds }: RunRecord): string {
  const when = started === null ? "" : `  ${timeText(started)}`;
  const took = status === "complete" && seconds !== null ? secondsText(seconds) : status;
  return `${run.slice(0, 8)}${when}  ${took}`;
}

function mixed(experiment: string, other: string): Complaint {
  return new Complaint(
    `\`${experiment}\` is an experiment, but \`${other}\` is not`,
    "name two runs or two experiments, for example: deno task compare scenes_iais~1 scenes_iais",
  );
}
