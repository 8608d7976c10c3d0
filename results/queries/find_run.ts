/** Finds a run by the beginning of its key, or by its label. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { Complaint, didYouMean } from "../../pipeline/contract/complaint.ts";
import { rowsOf } from "../database/read_results.ts";

export interface FoundRun {
  /** The whole key. */
  readonly run: string;
  readonly label: string;
  /** Number of other runs with the given label; 0 if a key was given. */
  readonly others: number;
}

/**
 * @param word beginning of a key, at least four digits, or a label such as `recall[seed=1]`, which
 *   names the run with that label that started last
 * @throws Complaint if no run matches, or several keys do
 */
export async function findRun(connection: DuckDBConnection, word: string): Promise<FoundRun> {
  const known = await knownRuns(connection);
  if (/^[0-9a-f]{4,64}$/.test(word)) {
    const runs = known.filter(({ run }) => run.startsWith(word));
    const [first] = runs;
    if (new Set(runs.map(({ run }) => run)).size > 1) throw ambiguous(word, runs);
    if (first !== undefined) return { run: first.run, label: first.label, others: 0 };
  }
  const same = known.filter(({ label }) => label === word);
  const [last] = same;
  if (last !== undefined) {
    const others = new Set(same.map(({ run }) => run)).size - 1;
    return { run: last.run, label: last.label, others };
  }
  throw notFound(word, known);
}

interface KnownRun {
  readonly run: string;
  readonly stage: string;
  readonly label: string;
}

/** Every run that ever started, under every label it has; the last one started first. */
function knownRuns(connection: DuckDBConnection): Promise<KnownRun[]> {
  return rowsOf<KnownRun>(
    connection,
    `SELECT run, stage, label FROM (
       SELECT run, stage, label, started FROM stage_run
       UNION
       SELECT r.run, r.stage, r.label, s.started
       FROM experiment_run AS r JOIN stage_run AS s ON s.run = r.run
     ) ORDER BY started DESC NULLS FIRST, label, run`,
  );
}

function ambiguous(word: string, runs: readonly KnownRun[]): Complaint {
  const byKey = new Map(runs.map((one) => [one.run, one]));
  const lines = [...byKey.values()].slice(0, 10)
    .map(({ run, label }) => `  ${run.slice(0, Math.max(12, word.length + 4))}  ${label}`);
  const rest = byKey.size > 10 ? ["  …"] : [];
  return new Complaint(
    [`${byKey.size} runs have keys that begin with \`${word}\``, ...lines, ...rest].join("\n"),
    "give more digits of the key",
  );
}

function notFound(word: string, known: readonly KnownRun[]): Complaint {
  const what = `there is no run \`${word}\``;
  const labels = [...new Set(known.filter(({ stage }) => stage === word).map((one) => one.label))]
    .sort();
  if (labels.length > 0) {
    const listed = labels.slice(0, 10).map((label) => `  ${label}`);
    const rest = labels.length > 10 ? ["  …"] : [];
    return new Complaint(
      `\`${word}\` is a stage with ${labels.length} runs, not one run`,
      ["name one of these:", ...listed, ...rest].join("\n"),
    );
  }
  return new Complaint(
    what,
    didYouMean(word, known.map(({ label }) => label)) ??
      "list the runs with: deno task runs; name one by the beginning of its key or by its label",
  );
}
