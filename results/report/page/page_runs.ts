/** The page's sections on the runs: missing results, cost, environment, commands. */
import { countText, secondsText } from "../../text/number_text.ts";
import { type Cost, costColumns } from "../../findings/cost.ts";
import { type Circumstance, notStored } from "../../findings/environment.ts";
import { countGaps, fixOf, type Gaps } from "../../findings/gaps.ts";
import { type Html, markup } from "./html.ts";
import { queriesText, whyExpected } from "../../findings/metric_gaps.ts";
import { command, dataTable, howToReproduce } from "./page_parts.ts";
import type { Answered } from "../../database/question.ts";
import type { CommandPlace, Source } from "../../findings/reproduce.ts";
import { stageGraph } from "./stage_graph.ts";

/** @param options.resume the command that computes the missing results */
export function gapsSection(
  gaps: Gaps,
  { resume, results }: { readonly resume: string; readonly results: CommandPlace },
): Html {
  const { runs, metrics, ranks, question, metricQuestion, rankQuestion } = gaps;
  const reproduction = howToReproduce([question, metricQuestion, rankQuestion], results);
  if (countGaps(gaps) === 0) {
    return markup`<p>None: every run is complete and has all its metrics.</p>${reproduction}`;
  }
  const columns = (...titles: string[]) => titles.map((title) => ({ title }));
  return markup`${
    runs.length === 0 ? undefined : dataTable({
      id: "missing-runs",
      caption: `Missing: ${countText(runs.length, "run")}`,
      columns: columns("run", "state", "reason", "fix"),
      rows: runs.map((run) => [run.label, run.state, run.failure?.what ?? "", fixOf(run, resume)]),
    })
  }
${
    metrics.length === 0 ? undefined : dataTable({
      id: "missing-metrics",
      caption: `Missing: ${countText(metrics.length, "metric")}. ${whyExpected}`,
      columns: columns("run", "metric", "split"),
      rows: metrics.map(({ label, metric, split }) => [label, metric, split ?? ""]),
    })
  }
${
    ranks.length === 0 ? undefined : dataTable({
      id: "missing-ranks",
      caption: "Missing: ranks of queries",
      columns: columns("run", "split", "direction", "ranked"),
      rows: ranks.map((one) => [one.label, one.split, one.direction, queriesText(one)]),
    })
  }${reproduction}`;
}

export function costSection(cost: Cost, results: CommandPlace): Html {
  const { stages, edges } = cost;
  const count = (value: number) => ({ shown: String(value), value });
  const time = (value: number) => ({ shown: secondsText(value), value });
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Stages as a graph">${
    stageGraph(cost)
  }</div>
${
    dataTable({
      id: "cost",
      caption: "Wall time of each stage, summed over its runs",
      columns: costColumns,
      rows: stages.rows.map((row) => [
        row.stage,
        row.kind ?? "not started",
        count(row.runs),
        count(row.computed),
        count(row.hits),
        row.computed > 0 ? time(row.seconds_computed) : "",
        row.hits > 0 ? time(row.seconds_saved) : "",
        row.slowest === null ? "" : time(row.slowest),
      ]),
    })
  }
${howToReproduce([stages, edges], results)}`;
}

export function environmentSection(
  environment: Answered<Circumstance>,
  results: CommandPlace,
): Html {
  if (environment.rows.length === 0) return markup`<p>No run is complete.</p>`;
  return markup`${
    dataTable({
      id: "environment-table",
      caption: "Machines, libraries and code of the complete runs",
      columns: [{ title: "what" }, { title: "value" }, { title: "runs", numeric: true }],
      rows: environment.rows.map(({ name, value, runs }) => [
        name,
        value,
        { shown: String(runs), value: runs },
      ]),
    })
  }<p class="note">${notStored}</p>${howToReproduce([environment], results)}`;
}

/** Only the commands: each figure has its own query next to it. */
export function commandsSection(sources: readonly Source[]): Html {
  return markup`${
    sources.flatMap(({ what, command: text }) =>
      text === undefined ? [] : [markup`<p>${what}</p>${command(text)}`]
    )
  }`;
}
