/**
 * Charts as SVG, drawn when the report is written, so that the page needs no library. Colours are CSS
 * variables, so that one drawing serves light and dark; dashes and shapes repeat what colours show.
 */
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { shortNames } from "../../text/variant_names.ts";

export interface Series {
  readonly name: string;
  readonly points: readonly ChartPoint[];
}

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  readonly label?: string;
  /** Bounds of an interval of y, drawn as a vertical line. */
  readonly low?: number;
  readonly high?: number;
}

export interface ChartOptions {
  readonly title: string;
  readonly description: string;
  readonly x: string;
  readonly y: string;
  /** Unique on the page. */
  readonly id: string;
  readonly kind: "line" | "point";
  /** Logarithmic x axis; all x must be positive. */
  readonly logarithmic?: boolean;
  /** Horizontal lines with their names, such as what can be reached at most. */
  readonly rules?: readonly { readonly name: string; readonly y: number }[];
  /** All series of the experiment, drawn here or not, so that each looks the same in all charts. */
  readonly all: readonly string[];
}

/** Longer names are shortened in legends. */
const longestName = 40;

/** The most series that remain distinguishable. */
export const mostSeries = 16;
const colours = 8;

const dashes = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [10, 3], [1, 3], [6, 2, 1, 2]];
const shapes = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke"];

/** @returns undefined when there is nothing to draw */
export async function chart(
  series: readonly Series[],
  options: ChartOptions,
): Promise<string | undefined> {
  const { all, kind, id, title, description } = options;
  const written = series.map(({ name }) => name || "all");
  const short = shortNames(written, longestName);
  const domain = written.map((name) => short.get(name)!);
  const values = series.flatMap(({ points }, place) =>
    points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))
      .map((point) => ({ ...point, series: domain[place]! }))
  );
  if (values.length === 0) return undefined;
  const places = series.map(({ name }) => name === "" ? 0 : Math.max(0, all.indexOf(name)));
  const look = (range: readonly unknown[]) => ({
    domain,
    range: places.map((place) => range[place % range.length]),
  });
  const several = domain.length > 1;
  const legend = several
    ? {
      title: null,
      orient: "top",
      columns: domain.some((name) => name.length > 18) ? 2 : 3,
      symbolSize: kind === "line" ? 400 : 90,
    }
    : null;
  const colour = {
    field: "series",
    type: "nominal",
    scale: look(Array.from({ length: colours }, (_, place) => `var(--series-${place})`)),
    legend,
  };
  const scale = { zero: false, nice: kind === "line", ...(kind === "point" && { padding: 16 }) };
  // Without a precision, Vega uses as many digits as distinguish neighbouring ticks.
  const axis = { format: ",~r" };
  const encoding = {
    x: {
      field: "x",
      type: "quantitative",
      title: options.x,
      axis,
      scale: options.logarithmic === true ? { type: "log", nice: false, padding: 16 } : scale,
    },
    y: { field: "y", type: "quantitative", title: options.y, axis, scale },
    color: colour,
  };
  const line = {
    mark: { type: "line", strokeWidth: 2, interpolate: "linear" },
    encoding: {
      ...encoding,
      strokeDash: { field: "series", type: "nominal", scale: look(dashes), legend },
    },
  };
  const point = {
    mark: { type: "point", filled: true, size: 80, opacity: 0.9 },
    encoding: {
      ...encoding,
      shape: { field: "series", type: "nominal", scale: look(shapes), legend },
    },
  };
  const spec = {
    width: 440,
    height: 230,
    padding: 4,
    data: { values },
    ...withIntervals(kind === "line" ? line : point, {
      values,
      encoding,
      rules: options.rules ?? [],
    }),
    config,
  };
  const view = new View(parse(compile(spec as unknown as TopLevelSpec).spec), {
    renderer: "none",
  });
  try {
    return accessible(await view.toSVG(), { id, title, description });
  } finally {
    view.finalize();
  }
}

interface Layer {
  readonly mark: object;
  readonly encoding: object;
}

/** The drawing with the intervals of its points and with horizontal lines, if there are any. */
function withIntervals(
  drawing: Layer,
  { values, encoding, rules }: {
    readonly values: readonly ChartPoint[];
    readonly encoding: { readonly x: object; readonly y: object; readonly color: object };
    readonly rules: readonly { readonly name: string; readonly y: number }[];
  },
): Layer | { readonly layer: readonly object[] } {
  const intervals = values.some(({ low }) => low !== undefined);
  if (!intervals && rules.length === 0) return drawing;
  const { x, y, color } = encoding;
  const at = { field: "y", type: "quantitative" };
  const faint = { value: "var(--soft)" };
  return {
    layer: [
      ...(intervals
        ? [{
          mark: { type: "rule", strokeWidth: 2, opacity: 0.6 },
          encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
        }, {
          mark: { type: "point", filled: true, size: 50 },
          encoding: { x, y, color },
        }]
        : []),
      drawing,
      ...(rules.length === 0 ? [] : [{
        data: { values: rules },
        mark: { type: "rule", strokeDash: [2, 4] },
        encoding: { y: at, color: faint },
      }, {
        data: { values: rules },
        mark: { type: "text", align: "left", baseline: "bottom", dx: 4, fontSize: 13 },
        encoding: { y: at, x: { value: 0 }, text: { field: "name" }, color: faint },
      }]),
    ],
  };
}

const config = {
  background: null,
  aria: false,
  font: "system-ui, sans-serif",
  view: { stroke: null },
  axis: {
    labelColor: "var(--ink)",
    titleColor: "var(--ink)",
    labelFontSize: 14,
    titleFontSize: 14,
    titleFontWeight: "normal",
    gridColor: "var(--line)",
    domainColor: "var(--soft)",
    tickColor: "var(--soft)",
    tickCount: 6,
  },
  legend: { labelColor: "var(--ink)", labelFontSize: 14, labelLimit: 320, symbolStrokeWidth: 2 },
};

/** Labels the drawing itself, so that a screen reader treats it as one image. */
function accessible(
  svg: string,
  { id, title, description }: { id: string; title: string; description: string },
): string {
  const text = (value: string) => value.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const silent = svg.replace(/ (role="graphics-|aria-roledescription="|aria-hidden=")[^"]*"/g, "");
  return silent.replace(
    /^<svg [^>]*?width="([\d.]+)" height="([\d.]+)" viewBox="([^"]*)">/,
    (_, width, height, box) =>
      `<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" ` +
      `aria-labelledby="${id}-title ${id}-description" width="${width}" height="${height}" ` +
      `viewBox="${box}"><title id="${id}-title">${text(title)}</title>` +
      `<desc id="${id}-description">${text(description)}</desc>`,
  );
}
