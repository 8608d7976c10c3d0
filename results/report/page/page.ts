/** A report as a single HTML page that opens from disk, without network or libraries, light and dark. */
import { createHash } from "node:crypto";
import { countGaps } from "../../findings/gaps.ts";
import { type Html, markup, partOfPage, trusted } from "./html.ts";
import { timeText } from "../../text/number_text.ts";
import { axesSection } from "./page_axes.ts";
import { changesSection } from "./page_changes.ts";
import {
  alignmentCurves,
  curveFigures,
  nothingTrained,
  trainingCurves,
  validationCurves,
} from "./page_curves.ts";
import { examplesSection } from "./page_examples.ts";
import { command } from "./page_parts.ts";
import { relationsSection } from "./page_relations.ts";
import { resultsSection } from "./page_results.ts";
import { commandsSection, costSection, environmentSection, gapsSection } from "./page_runs.ts";
import { viewerSection } from "./page_viewer.ts";
import { costText } from "../../findings/cost.ts";
import type { ReportData } from "../../findings/report_data.ts";
import { type CommandPlace, runCommand, sourcesOf } from "../../findings/reproduce.ts";

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

export async function reportPage(
  data: ReportData,
  { results }: { readonly results: CommandPlace },
): Promise<string> {
  const { axes, curves, gaps, changes, headline } = data;
  const variants = variantsIn(data);
  const options = { variants, question: curves.training, results };
  const training = [
    ...await curveFigures(curves.training.rows, trainingCurves, options),
    ...await curveFigures(curves.validation.rows, validationCurves, {
      ...options,
      question: curves.validation,
    }),
  ];
  const alignment = await curveFigures(curves.training.rows, alignmentCurves, options);
  const figures = (list: readonly Html[]) => markup`<div class="figures">${list}</div>`;
  const missing = countGaps(gaps);
  const sections: Section[] = [
    { id: "results", title: "Results", body: resultsSection(data, results) },
    ...(axes.rows.length === 0 ? [] : [{
      id: "axes",
      title: "Along swept numbers",
      body: await axesSection(axes, { tables: headline.tables, results }),
    }]),
    ...(changes === undefined
      ? []
      : [{ id: "changed", title: "What changed", body: changesSection(changes, results) }]),
    {
      id: "missing",
      title: missing === 0 ? "Missing results" : `Missing results (${missing})`,
      body: gapsSection(gaps, { resume: runCommand(data, results), results }),
    },
    {
      id: "curves",
      title: "Learning curves",
      body: training.length === 0 ? nothingTrained() : figures(training),
    },
    {
      id: "alignment",
      title: "Alignment during training",
      body: alignment.length === 0
        ? markup`<p>No training step has an alignment loss.</p>`
        : markup`<p>The alignment loss (IAIS, arXiv 2105.13868) pulls the self-attention among words and
that among regions together. It is multiplied by the weight shown.</p>${figures(alignment)}`,
    },
    {
      id: "relations",
      title: "Recall and relation distance",
      body: await relationsSection(data.relations, { variants, results }),
    },
    { id: "examples", title: "Retrieval examples", body: examplesSection(data.examples, results) },
    { id: "attention", title: "Attention", body: viewerSection(data.attention, results) },
    { id: "cost-section", title: "Stages, time and cache", body: costSection(data.cost, results) },
    {
      id: "environment",
      title: "Environment",
      body: environmentSection(data.environment, results),
    },
    { id: "commands", title: "Commands", body: commandsSection(sourcesOf(data, { results })) },
  ];
  return wholePage(data.experiment, { lead: lead(data), sections });
}

/** The page of an experiment that was never run in this results folder. */
export function emptyPage(experiment: string, file: string, task: string): string {
  return wholePage(experiment, {
    lead: markup`<p>This experiment has not been run yet, so there are no results to report.</p>`,
    sections: [{ id: "commands", title: "How to run it", body: command(`${task} run ${file}`) }],
  });
}

function lead({ file, set, requested, gaps, cost }: ReportData): Html {
  const changes = set.length === 0 ? "" : `, with ${set.map((one) => `--set ${one}`).join(" ")}`;
  return markup`<p class="lead">${file}${changes}, requested ${timeText(requested)}.
<strong>${gaps.complete} of ${gaps.all} runs are complete</strong>: ${costText(cost)}.</p>`;
}

/** Baselines come first, so that they have the same colours everywhere. */
function variantsIn({ headline, curves, relations }: ReportData): string[] {
  const rows = headline.tables.flatMap(({ rows }) => rows);
  const baselines = rows.flatMap(({ variant, baseline }) => baseline ? [variant] : []);
  const found = new Set([
    ...baselines,
    ...rows.map(({ variant }) => variant),
    ...curves.training.rows.map(({ variant }) => variant),
    ...relations.runs.rows.map(({ variant }) => variant),
  ]);
  return [...found];
}

function wholePage(
  title: string,
  { lead, sections }: { readonly lead: Html; readonly sections: readonly Section[] },
): string {
  const style = partOfPage("colours.css") + partOfPage("style.css");
  const script = partOfPage("script.js");
  const digest = createHash("sha256").update(script).digest("base64");
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; ` +
    `script-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
  return markup`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>${title} · report</title>
        <style>${trusted(style)}</style>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the results</a>
        <header class="top"><h1>${title}</h1>${lead}
    <nav aria-label="Sections"><ul>${
    sections.map(({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>`)
  }</ul></nav></header>
        <main id="main">
    ${
    sections.map(({ id, title, body }) =>
      markup`
        <section id="${id}"
          aria-labelledby="${id}-heading"><h2 id="${id}-heading">${title}</h2>
        ${body}</section>
      `
    )
  }
        </main>
        <p id="announcement" role="status" class="hidden"></p>
        <script>${trusted(script)}</script>
      </body>
    </html>
  `.text.trimStart();
}
