/** A report as Markdown, block by block: for a file, a step summary and a comment on GitHub. */
import { secondsText } from "../seconds_text.ts";
import { metricText, signedText } from "../metrics.ts";
import type { Against } from "./against.ts";
import type { Cost } from "./cost.ts";
import { type Differences, markOf } from "./differences.ts";
import type { Gaps } from "./gaps.ts";
import type { HeadlineTable } from "./headline.ts";
import { codeBlock, escapeMarkdown, markdownTable } from "./markdown_text.ts";
import { correlationText, metricTitle, signedValue, timeText, valueText } from "./number_text.ts";
import { type Published, recallsOf, recallTitles } from "./published.ts";
import type { ReportData } from "./report_data.ts";
import type { Relations } from "./relation_points.ts";
import { type Yardstick, yardstickLines } from "../yardstick.ts";
import { type Source, sourcesOf } from "./sources.ts";
import type { Block } from "./shortened.ts";

/** @param options.results `--results …` as commands of this folder need it, or nothing */
export function markdownBlocks(data: ReportData, options: { results: string }): Block[] {
  const { headline, published, against } = data;
  return [
    titleBlock(data),
    ...headline.tables.map((one) => headlineBlock(one, data.differences)),
    ...(headline.tables.length === 0 ? [nothingEvaluated] : []),
    ...yardstickBlocks(data.yardsticks),
    ...(published === undefined ? [] : [publishedBlock(published, headline.tables)]),
    differencesBlock(data.differences, data.baseline),
    ...relationBlocks(data.relations),
    ...(against === undefined ? [] : againstBlocks(against)),
    ...gapBlocks(data.gaps),
    costBlock(data.cost),
    {
      title: "environment",
      importance: 6,
      ...table(
        "## Environment",
        [{ title: "what" }, { title: "value" }, { title: "runs", numeric: true }],
        data.environment.rows.map(({ name, value, runs }) => [
          escapeMarkdown(name),
          escapeMarkdown(value),
          String(runs),
        ]),
      ),
    },
    sourcesBlock(sourcesOf(data, options)),
  ];
}

function yardstickBlocks(yardsticks: readonly Yardstick[]): Block[] {
  if (yardsticks.length === 0) return [];
  const items = yardstickLines(yardsticks).map((line) =>
    line.startsWith("  ") ? `- ${escapeMarkdown(line.trim())}` : `\n${escapeMarkdown(line)}\n`
  );
  return [{ title: "yardstick", importance: 1, text: `## Yardstick\n${items.join("\n")}` }];
}

/** What is told of an experiment that has never been run here. */
export function emptyBlocks(experiment: string, file: string): Block[] {
  return [{
    title: "experiment",
    importance: 0,
    text: [
      `# ${escapeMarkdown(experiment)}`,
      "",
      "Nothing was run yet: there is no result to report. To run it:",
      "",
      codeBlock(`deno task run ${file}`, "sh"),
    ].join("\n"),
  }];
}

const nothingEvaluated: Block = {
  title: "results",
  importance: 0,
  text: "## Results\n\nNo recall is stored yet: nothing was evaluated, or evaluating failed.",
};

function titleBlock({ experiment, file, set, asked, gaps, cost }: ReportData): Block {
  const { stages: { rows } } = cost;
  const sum = (of: (row: typeof rows[number]) => number) =>
    rows.reduce((total, row) => total + of(row), 0);
  const changes = set.length === 0
    ? ""
    : `, with ${set.map((one) => escapeMarkdown(`--set ${one}`)).join(" ")}`;
  return {
    title: "experiment",
    importance: 0,
    text: [
      `# ${escapeMarkdown(experiment)}`,
      "",
      `${escapeMarkdown(file)}${changes}, asked ${timeText(asked)}.`,
      `**${gaps.complete} of ${gaps.all} runs are complete**: ` +
      `${sum((row) => row.made)} made in ${secondsText(sum((row) => row.seconds_made))}, ` +
      `${sum((row) => row.hits)} from the cache, ` +
      `which saved ${secondsText(sum((row) => row.seconds_saved))}.`,
    ].join("\n"),
  };
}

function headlineBlock(
  { stage, split, columns, rows, seeds }: HeadlineTable,
  differences: Differences,
): Block {
  const percent = columns.some((column) => column.percent) ? "percent" : "";
  const over = seeds > 1 ? `mean ± spread over ${seeds} seeds` : "one seed";
  return {
    title: `results of ${stage}`,
    importance: 1,
    ...table(
      `## ${escapeMarkdown(stage)} on ${escapeMarkdown(split ?? "all")}\n\n` +
        `${[percent, over].filter((part) => part !== "").join(", ")}; * marks the baseline.`,
      [{ title: "" }, ...columns.map(({ title }) => ({ title, numeric: true }))],
      rows.map(({ variant, baseline, cells }) => [
        `${escapeMarkdown(variant || "all")}${baseline ? " \\*" : ""}`,
        ...cells.map((cell, place) => {
          if (cell === undefined) return "missing";
          const { metric, percent: shown } = columns[place]!;
          const mark = markOf(differences, { stage, split, variant, metric });
          const mean = valueText(cell.mean, shown);
          const spread = cell.spread === null ? "" : ` ±${valueText(cell.spread, shown)}`;
          return `${mean}${spread}${mark === "" ? "" : ` ${mark}`}`;
        }),
      ]),
    ),
  };
}

/** Theirs and ours in one table. */
function publishedBlock(
  { table: { test, images, captions, rows, source }, others, standardErrors }: Published,
  ours: readonly HeadlineTable[],
): Block {
  const [i2t, t2i] = standardErrors.map((error) => error.toFixed(1));
  const own = recallsOf(ours).map(({ variant, recalls }) => [
    `ours: ${escapeMarkdown(variant || "all")}`,
    ...recalls.map((value) => value === undefined ? "missing" : valueText(value, true)),
  ]);
  return {
    title: "published results",
    importance: 2,
    ...table(
      `## Beside published results\n\n${escapeMarkdown(test)}; percent.`,
      [{ title: "" }, ...recallTitles.map((title) => ({ title, numeric: true }))],
      [
        ...rows.map(({ name, recalls }) => [
          escapeMarkdown(name),
          ...recalls.map((value) => value === null ? "–" : value.toFixed(1)),
        ]),
        ...own,
      ],
    ),
    after: [
      `One standard error of R@1: ${i2t} points i→t, ${t2i} t→i. Source: ${
        escapeMarkdown(source)
      }.`,
      ...(others.length === 0 ? [] : [
        `**Not comparable**: ours ranked ${
          others.map(({ images, captions }) => `${images} images and ${captions} captions`)
            .join("; ")
        }, theirs ${images} and ${captions}.`,
      ]),
    ].join("\n"),
  };
}

function differencesBlock(
  { rows: all, caption, cautions }: Differences,
  baseline = "",
): Block {
  const told = cautions.map((caution) => `- ${escapeMarkdown(caution)}`).join("\n");
  const rows = all.filter(({ metric }) => !/_r(5|10)$/.test(metric));
  const staged = new Set(rows.map(({ stage }) => stage)).size > 1;
  if (rows.length === 0) {
    return { title: "differences", importance: 2, text: `## Differences\n\n${told}` };
  }
  return {
    title: "differences",
    importance: 2,
    ...table(
      `## Differences from ${escapeMarkdown(baseline)}\n\n${escapeMarkdown(caption)}.`,
      [
        ...(staged ? [{ title: "stage" }] : []),
        { title: "variant" },
        { title: "split" },
        { title: "metric" },
        { title: "points", numeric: true },
        { title: "95 % interval", numeric: true },
        { title: "p (Holm)", numeric: true },
        { title: "" },
      ],
      rows.map(({ stage, variant, split, metric, difference, interval, p, verdict }) => [
        ...(staged ? [escapeMarkdown(stage)] : []),
        escapeMarkdown(variant),
        escapeMarkdown(split ?? "all"),
        metricTitle(metric),
        signedValue(difference, true),
        interval,
        p,
        verdict,
      ]),
    ),
    after: told,
  };
}

/** Whether recall goes with the distance of relations. */
function relationBlocks({ stage, correlations }: Relations): Block[] {
  if (correlations.length === 0) return [];
  const names = { isda: "ISDa", isd_text: "ISD over words", isd_image: "ISD over regions" };
  return [{
    title: "recall and relation distance",
    importance: 4,
    ...table(
      `## Recall and relation distance\n\nSpearman's rho of mean R@1${
        stage === undefined ? "" : ` (\`${stage}\`)`
      } and mean distance, over models: ` +
        "near −1, a lower distance goes with a better recall.",
      [
        { title: "distance" },
        { title: "alignment" },
        ...["layer", "rho", "models"].map((title) => ({ title, numeric: true })),
      ],
      correlations.map(({ measure, alignment, layer, rho, runs }) => [
        names[measure],
        escapeMarkdown(alignment),
        String(layer),
        correlationText(rho),
        String(runs),
      ]),
    ),
  }];
}

function againstBlocks({ comparison, metrics, same }: Against): Block[] {
  const { a, b, differences, onlyA, onlyB } = comparison;
  const only = (what: string, labels: readonly string[]) =>
    labels.length === 0 ? [] : [
      `Only in ${what}: ${labels.slice(0, 20).map(escapeMarkdown).join(", ")}` +
      (labels.length > 20 ? ` and ${labels.length - 20} more` : ""),
    ];
  const head = `Before: ${escapeMarkdown(a.experiment)}, asked ${timeText(a.asked)}. ` +
    `Now: ${escapeMarkdown(b.experiment)}, asked ${timeText(b.asked)}.`;
  const changed = differences.map(({ stage, what, a, b, points }) => [
    escapeMarkdown(stage),
    escapeMarkdown(what),
    escapeMarkdown(a ?? "–"),
    escapeMarkdown(b ?? "–"),
    escapeMarkdown(points ?? ""),
  ]);
  return [
    {
      title: "what changed",
      importance: 3,
      ...(changed.length === 0
        ? { text: `## What changed\n\n${head}\n\nWhat both have does not differ.` }
        : table(
          `## What changed\n\n${head}`,
          ["stage", "what", "before", "now", "at"].map((title) => ({ title })),
          changed,
        )),
      after: [...only("the one before", onlyA), ...only("this one", onlyB)].join("\n"),
    },
    changedResults({ metrics, same }),
  ];
}

function changedResults({ metrics, same }: Pick<Against, "metrics" | "same">): Block {
  const title = "changed results";
  if (metrics.length === 0) {
    const text = `## By how much\n\nNone of the ${same} main metrics changed.`;
    return { title, importance: 2, text };
  }
  const axes = [...new Set(metrics.flatMap(({ variant }) => Object.keys(variant)))];
  return {
    title,
    importance: 2,
    ...table(
      "## By how much\n\nMeans over the seeds that both have.",
      [
        ...["stage", "metric", "split", ...axes].map((title) => ({
          title: escapeMarkdown(title),
        })),
        ...["before", "now", "change"].map((title) => ({ title, numeric: true })),
      ],
      metrics.map((one) => [
        escapeMarkdown(one.stage),
        escapeMarkdown(one.name),
        escapeMarkdown(one.split ?? ""),
        ...axes.map((axis) => escapeMarkdown(String(one.variant[axis] ?? ""))),
        metricText(one.a) || "missing",
        metricText(one.b) || "missing",
        signedText(one.difference),
      ]),
    ),
    after: `${same} other main metrics are the same.`,
  };
}

/** Always there, so that nobody has to wonder. */
function gapBlocks({ runs, metrics }: Gaps): Block[] {
  if (runs.length === 0 && metrics.length === 0) {
    return [{
      title: "what is missing",
      importance: 1,
      text: "## What is missing\n\nNothing: every run is complete and has all its metrics.",
    }];
  }
  return [
    ...(runs.length === 0 ? [] : [{
      title: "missing runs",
      importance: 1,
      ...table(
        `## What is missing: ${runs.length} runs`,
        [{ title: "run" }, { title: "state" }, { title: "why" }, { title: "fix" }],
        runs.map(({ label, state, failure }) => [
          escapeMarkdown(label),
          state,
          escapeMarkdown(failure?.what ?? ""),
          escapeMarkdown(failure?.fix ?? ""),
        ]),
      ),
    }]),
    ...(metrics.length === 0 ? [] : [{
      title: "missing metrics",
      importance: 2,
      ...table(
        `## What is missing: ${metrics.length} metrics\n\nOther runs of the stage have them.`,
        [{ title: "run" }, { title: "metric" }, { title: "split" }],
        metrics.map(({ label, metric, split }) => [
          escapeMarkdown(label),
          escapeMarkdown(metric),
          escapeMarkdown(split ?? ""),
        ]),
      ),
    }]),
  ];
}

function costBlock({ stages: { rows } }: Cost): Block {
  return {
    title: "cost",
    importance: 4,
    ...table(
      "## Cost",
      [
        { title: "stage" },
        { title: "uses" },
        ...["runs", "made", "from cache", "time", "saved", "slowest"]
          .map((title) => ({ title, numeric: true })),
      ],
      rows.map((row) => [
        escapeMarkdown(row.stage),
        escapeMarkdown(row.kind ?? ""),
        String(row.runs),
        String(row.made),
        String(row.hits),
        row.made > 0 ? secondsText(row.seconds_made) : "",
        row.hits > 0 ? secondsText(row.seconds_saved) : "",
        row.slowest === null ? "" : secondsText(row.slowest),
      ]),
    ),
  };
}

function sourcesBlock(sources: readonly Source[]): Block {
  return {
    title: "commands and SQL",
    importance: 5,
    text: "## Commands and SQL behind the figures\n",
    rows: sources.map(({ what, command, sql }) =>
      [
        `<details><summary>${escapeMarkdown(what)}</summary>\n`,
        command === undefined ? "" : `${codeBlock(command, "sh")}\n`,
        sql === undefined ? "" : `${codeBlock(sql, "sql")}\n`,
        "</details>\n",
      ].filter((part) => part !== "").join("\n")
    ),
  };
}

function table(
  text: string,
  head: Parameters<typeof markdownTable>[0],
  rows: readonly (readonly string[])[],
): Pick<Block, "text" | "rows"> {
  const made = markdownTable(head, rows);
  return { text: `${text}\n\n${made.head}`, rows: made.rows };
}
