/** Renders a snapshot as the part of the page that is replaced while a run is in progress. */
import { chart, mostSeries } from "../report/page/charts.ts";
import { type Html, markup, trusted } from "../report/page/html.ts";
import { secondsText } from "../text/number_text.ts";
import type { Curve, Snapshot, WatchedRun } from "./snapshot.ts";

const titles: Readonly<Record<string, string>> = {
  loss: "loss",
  rank_loss: "ranking loss",
  alignment_loss: "alignment loss, unweighted",
  attention_entropy: "entropy of the aligned attention (1 is uniform: it says nothing)",
  wrong_above: "wrong answers scored above the correct one (0.5 is chance level)",
  rsum: "recall on held-out images (sum of six, at most 6)",
};

export async function liveView({ experiment, requested, runs, curves }: Snapshot): Promise<string> {
  const count = (status: string) => runs.filter((run) => run.status === status).length;
  const counts = ["complete", "running", "failed", "stopped", "interrupted", "to run"]
    .flatMap((status) => count(status) === 0 ? [] : [`${count(status)} ${status}`]);
  const groups = [...Map.groupBy(curves, ({ stage, number }) => `${stage}\n${number}`).values()];
  const charts: Html[] = [];
  for (const [place, group] of groups.entries()) {
    const { stage } = group[0]!;
    const ofStage = curves.filter((curve) => curve.stage === stage).map(({ label }) => label);
    charts.push(await chartOf(group, { place, labels: [...new Set(ofStage)].slice(-mostSeries) }));
  }
  return markup`
        <h1>${experiment}</h1>
        <p>requested ${requested} UTC: ${counts.join(", ")}</p>
    ${runs.filter(({ status }) => status === "running").map(runningLine)}
        ${charts}
        <h2>Stages</h2>
        <div class="wide" tabindex="0" role="region" aria-label="stages">
      <table>
        <thead>
          <tr>
            <th scope="col">stage</th>
            <th scope="col">status</th>
            <th scope="col">updates</th>
            <th scope="col">time</th>
          </tr>
        </thead>
        <tbody>
        ${runs.map(runRow)}
            </tbody>
      </table>
    </div>
  `.text;
}

/** @param options.labels labels of the runs that all charts of this stage show */
async function chartOf(
  group: readonly Curve[],
  { place, labels }: { readonly place: number; readonly labels: readonly string[] },
): Promise<Html> {
  const { stage, number } = group[0]!;
  const shown = group.filter(({ label }) => labels.includes(label));
  const names = shown.map(({ label }) => sweptValues(label, stage));
  const title = `${stage}: ${titles[number] ?? number}`;
  const last = shown.map(({ points }, at) => `${names[at]} ${points.at(-1)!.y.toPrecision(3)}`);
  const drawn = await chart(
    shown.map(({ points }, at) => ({ name: names[at]!, points })),
    {
      title,
      description: `by updates; last values: ${last.join(", ")}`,
      x: "updates",
      y: number,
      id: `watch-${place}`,
      kind: "line",
      all: labels.map((label) => sweptValues(label, stage)),
    },
  );
  const left = group.length - shown.length;
  const note = left === 0
    ? undefined
    : markup`<p>Shows the last ${shown.length} of ${group.length} runs.</p>`;
  return markup`<figure><figcaption>${title}</figcaption>${trusted(drawn ?? "")}${note}</figure>`;
}

function runningLine({ label, step, steps }: WatchedRun): Html {
  if (step === null || steps === null) return markup`<p><b>${label}</b> is running</p>`;
  return markup`<p><b>${label}</b>: ${step} of ${steps} updates
<progress max="${steps}" value="${step}" aria-label="${label}"></progress></p>`;
}

/** `none, 1` for `tuned[alignment=none,seed=1]`. */
function sweptValues(label: string, stage: string): string {
  if (!label.startsWith(`${stage}[`)) return label;
  return label.slice(stage.length + 1, -1).replace(/(^|,)[\w.]+=/g, (_, comma) => comma && ", ");
}

function runRow({ label, status, step, steps, seconds }: WatchedRun): Html {
  const updates = step === null ? "" : steps === null ? `${step}` : `${step} of ${steps}`;
  const time = seconds === null ? "" : secondsText(seconds);
  return markup`
    <tr class="${status.replace(" ", "-")}">
      <th scope="row">${label}</th>
      <td>${status}</td>
      <td>${updates}</td>
      <td>${time}</td>
    </tr>
  `;
}
