/** The stages of an experiment as boxes in columns, with an arrow from each stage to its readers. */
import { secondsText } from "../../text/number_text.ts";
import type { Cost, StageCost } from "../../findings/cost.ts";
import { type Html, markup } from "./html.ts";

const box = { width: 150, height: 62, gapX: 40, gapY: 18 };
/** Lanes above the boxes, one for each stage that is read beyond the next column. */
const lane = { first: 8, height: 10 };

interface Place {
  readonly x: number;
  readonly y: number;
}

export function stageGraph({ stages: { rows }, edges: { rows: edges } }: Cost): Html {
  const depth = depths(rows.map(({ stage }) => stage), edges);
  const columns = Map.groupBy(rows, ({ stage }) => depth.get(stage) ?? 0);
  const tallest = Math.max(1, ...[...columns.values()].map(({ length }) => length));
  const height = tallest * (box.height + box.gapY) + 2;
  const places = new Map<string, Place>();
  for (const [column, members] of columns) {
    const top = (height - members.length * (box.height + box.gapY) + box.gapY) / 2;
    members.forEach(({ stage }, row) =>
      places.set(stage, {
        x: 2 + column * (box.width + box.gapX),
        y: top + row * (box.height + box.gapY),
      })
    );
  }
  const width = columns.size * (box.width + box.gapX) - box.gapX + 4;
  const isLong = ({ reader, source }: typeof edges[number]) =>
    (depth.get(reader) ?? 0) - (depth.get(source) ?? 0) > 1;
  const lanes = [...new Set(edges.filter(isLong).map(({ source }) => source))];
  const over = lanes.length === 0 ? 0 : lane.first + lane.height * lanes.length;
  const lines = edges.flatMap((edge) => {
    const [from, to] = [places.get(edge.source), places.get(edge.reader)];
    if (from === undefined || to === undefined) return [];
    const path = isLong(edge)
      ? wayAround(from, to, lanes.indexOf(edge.source))
      : wayAcross(from, to);
    return [markup`
      <path class="edge" marker-end="url(#arrow)" d="${path}" />
    `];
  });
  const description = edges.map(({ reader, source }) => `${reader} reads ${source}`).join("; ");
  return markup`<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img"
  aria-labelledby="graph-title graph-description" width="${width}" height="${height + over}"
  viewBox="0 ${-over} ${width} ${
    height + over
  }"><title id="graph-title">Stages and their inputs</title>
<desc id="graph-description">${description}. The table below lists the times.</desc>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="6" markerHeight="6"
  orient="auto"><path class="arrow" d="M0 0L8 4L0 8z" /></marker></defs>
${lines}
${rows.map((row) => stageBox(row, places.get(row.stage)!))}
</svg>`;
}

/** Length of the longest path from a source. */
function depths(
  stages: readonly string[],
  edges: readonly { readonly reader: string; readonly source: string }[],
): Map<string, number> {
  const found = new Map(stages.map((stage) => [stage, 0]));
  // Stages are in topological order.
  for (const stage of stages) {
    for (const { reader, source } of edges) {
      if (reader !== stage || source === stage) continue;
      found.set(stage, Math.max(found.get(stage)!, (found.get(source) ?? 0) + 1));
    }
  }
  const used = [...new Set(found.values())].sort((a, b) => a - b);
  return new Map([...found].map(([stage, depth]) => [stage, used.indexOf(depth)]));
}

/** Through the gap between two columns. */
function wayAcross(from: Place, to: Place): string {
  const [x1, y1] = [from.x + box.width, from.y + box.height / 2];
  const [x2, y2] = [to.x, to.y + box.height / 2];
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

/** Up in the gap behind the source, along a lane above all boxes, down in the gap before the reader. */
function wayAround(from: Place, to: Place, number: number): string {
  const aside = 5 * (number % 3);
  const [start, end] = [from.y + 12 + aside, to.y + 10 + aside];
  const [x1, up, down] = [from.x + box.width, from.x + box.width + 6 + aside, to.x - 24 + aside];
  const top = -lane.first - lane.height * number;
  const r = 5;
  return `M${x1} ${start}H${up - r}Q${up} ${start} ${up} ${start - r}` +
    `V${top + r}Q${up} ${top} ${up + r} ${top}H${down - r}Q${down} ${top} ${down} ${top + r}` +
    `V${end - r}Q${down} ${end} ${down + r} ${end}H${to.x}`;
}

function stageBox(
  { stage, kind, runs, computed, hits, seconds_computed, seconds_saved }: StageCost,
  { x, y }: { x: number; y: number },
): Html {
  const state = computed + hits < runs
    ? `${computed + hits} of ${runs} complete`
    : computed === 0
    ? `cached, saved ${secondsText(seconds_saved)}`
    : hits === 0
    ? secondsText(seconds_computed)
    : `${secondsText(seconds_computed)}, ${hits} from cache`;
  const name = clipped(runs === 1 ? stage : `${stage} × ${runs}`, 20);
  const look = computed + hits < runs ? "incomplete" : computed === 0 ? "cached" : "computed";
  return markup`
    <g class="stage ${look}" transform="translate(${x},${y})">
      <rect width="${box.width}" height="${box.height}" rx="6" />
      <text x="10" y="20" class="name">${name}</text>
      <text x="10" y="37">${clipped(kind ?? "not started", 22)}</text>
      <text x="10" y="53">${clipped(state, 24)}</text>
    </g>
  `;
}

function clipped(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
