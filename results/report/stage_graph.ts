/** The stages of an experiment and what reads what, drawn as boxes in columns. */
import { secondsText } from "../seconds_text.ts";
import type { Cost, StageCost } from "./cost.ts";
import { type Html, markup } from "./html.ts";

const box = { width: 150, height: 62, gapX: 46, gapY: 18 };

export function stageGraph({ stages: { rows }, edges: { rows: edges } }: Cost): Html {
  const depth = depths(rows.map(({ stage }) => stage), edges);
  const columns = Map.groupBy(rows, ({ stage }) => depth.get(stage) ?? 0);
  const tallest = Math.max(1, ...[...columns.values()].map(({ length }) => length));
  const height = tallest * (box.height + box.gapY) + 2;
  const places = new Map<string, { x: number; y: number }>();
  for (const [column, members] of columns) {
    const top = (height - members.length * (box.height + box.gapY) + box.gapY) / 2;
    members.forEach(({ stage }, row) =>
      places.set(stage, {
        x: 2 + column * (box.width + box.gapX),
        y: top + row * (box.height + box.gapY),
      })
    );
  }
  // Room for the edges that pass over other stages.
  const over = 15 * Math.max(0, columns.size - 2);
  const width = columns.size * (box.width + box.gapX) - box.gapX + 4;
  const lines = edges.flatMap(({ reader, source }) => {
    const [from, to] = [places.get(source), places.get(reader)];
    return from === undefined || to === undefined ? [] : [edgeLine(from, to)];
  });
  const said = edges.map(({ reader, source }) => `${reader} reads ${source}`).join("; ");
  return markup`<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img"
  aria-labelledby="graph-title graph-description" width="${width}" height="${height + over}"
  viewBox="0 ${-over} ${width} ${
    height + over
  }"><title id="graph-title">Stages and what they read</title>
<desc id="graph-description">${said}. The table below has the times.</desc>
${lines}
${rows.map((row) => stageBox(row, places.get(row.stage)!))}
</svg>`;
}

/** The longest way from a source. */
function depths(
  stages: readonly string[],
  edges: readonly { readonly reader: string; readonly source: string }[],
): Map<string, number> {
  const found = new Map(stages.map((stage) => [stage, 0]));
  // Stages stand in an order in which they can be made.
  for (const stage of stages) {
    for (const { reader, source } of edges) {
      if (reader !== stage || source === stage) continue;
      found.set(stage, Math.max(found.get(stage)!, (found.get(source) ?? 0) + 1));
    }
  }
  const used = [...new Set(found.values())].sort((a, b) => a - b);
  return new Map([...found].map(([stage, depth]) => [stage, used.indexOf(depth)]));
}

function edgeLine(from: { x: number; y: number }, to: { x: number; y: number }): Html {
  const [x1, y1] = [from.x + box.width, from.y + box.height / 2];
  const [x2, y2] = [to.x, to.y + box.height / 2];
  const bend = Math.max(20, (x2 - x1) / 2);
  const span = Math.round((to.x - from.x) / (box.width + box.gapX));
  if (span > 1) {
    const start = from.x + 0.7 * box.width;
    const top = Math.min(from.y, to.y) - 20 * span;
    const arc = `M${start} ${from.y}C${start + 40} ${top} ${to.x - 60} ${top} ${to.x} ${
      to.y + 0.3 * box.height
    }`;
    return markup`
      <path class="edge" d="${arc}" />
    `;
  }
  const path = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  return markup`
    <path class="edge" d="${path}" />
  `;
}

function stageBox(
  { stage, kind, runs, made, hits, seconds_made, seconds_saved }: StageCost,
  { x, y }: { x: number; y: number },
): Html {
  const state = made + hits < runs
    ? `${made + hits} of ${runs} complete`
    : made === 0
    ? `cached, saved ${secondsText(seconds_saved)}`
    : hits === 0
    ? secondsText(seconds_made)
    : `${secondsText(seconds_made)}, ${hits} from cache`;
  const name = clipped(runs === 1 ? stage : `${stage} × ${runs}`, 20);
  const look = made + hits < runs ? "lacking" : made === 0 ? "cached" : "made";
  return markup`
    <g class="stage ${look}" transform="translate(${x},${y})">
      <rect width="${box.width}" height="${box.height}" rx="6" />
      <text x="10" y="20" class="name">${name}</text>
      <text x="10" y="37">${clipped(kind ?? "not begun", 22)}</text>
      <text x="10" y="53">${clipped(state, 24)}</text>
    </g>
  `;
}

function clipped(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
