/** The answers of `why` as text. */
import type { CodeChange } from "./code_changes.ts";
import { clip, minuteText } from "../terminal/terminal_text.ts";
import type { Answer, Difference } from "./why.ts";

/** Answers that say the same of many points are told once. */
export function whyAnswersText(answers: readonly Answer[]): string {
  const alike = Map.groupBy(answers, (answer) => JSON.stringify(shapeOf(answer)));
  return [...alike.values()].map((same) => {
    const [first, ...others] = same;
    const rest = others.length === 0
      ? []
      : [`the same at ${others.length} other point${others.length === 1 ? "" : "s"}`];
    return [...answerLines(first!), ...rest].join("\n");
  }).join("\n\n");
}

function answerLines(
  { label, key, stored, wouldRun, failure, against, differences }: Answer,
): string[] {
  const failed = failure === undefined ? [] : [`  it failed last time: ${failure}`];
  if (against === null) return [`${label}: it was never made`, ...failed];
  const name = against.label === label ? "" : `${against.label}, `;
  const run = `${name}${against.key.slice(0, 8)}, made ${minuteText(against.started)} UTC`;
  if (differences.length > 0) {
    return [
      `${label}: ${wouldRun ? "would run" : "stored, complete"}`,
      `  compared with ${run}:`,
      ...differences.flatMap((one) => differenceLines(one, "  ")),
      ...failed,
    ];
  }
  if (key !== against.key) return [`${label}: nothing differs from`, `  ${run}`];
  return [
    stored
      ? `${label}: nothing differs: it is stored, complete`
      : `${label}: nothing differs, but what is stored is damaged: it would run`,
    `  ${run}`,
  ];
}

function differenceLines(one: Difference, space: string): string[] {
  switch (one.kind) {
    case "parameter":
    case "compute":
      return [clip(`${space}${one.kind} ${one.name}: ${arrow(one)}`, 400)];
    case "use":
      return [`${space}uses ${one.to} instead of ${one.from}`];
    case "pipeline format":
      return [`${space}the pipeline's format: ${arrow(one)}`];
    case "code":
      return one.changes === null
        ? [`${space}code: the text of then was not kept (digest ${digests(one)})`]
        : one.changes.flatMap((change) => codeLines(change, space));
    case "outside file":
      return [
        `${space}file from outside ${one.role}: digest ${digests(one)}`,
        ...(one.path === undefined ? [] : [`${space}  ${one.path}`]),
      ];
    case "input":
      return inputLines(one, space);
    case "input came out different":
      return [
        `${space}input ${one.port} (${one.label}) was made again since and came out different:`,
        `${space}  digest ${digests(one)}`,
      ];
    default:
      return one satisfies never;
  }
}

function inputLines(one: Extract<Difference, { kind: "input" }>, space: string): string[] {
  const name = `${space}input ${one.port}${one.label === null ? "" : ` (${one.label})`}`;
  if (one.from === null) return [`${name} is new`];
  if (one.to === null) return [`${name} is no longer read`];
  if (one.toldBefore) return [`${name}: ${digests(one)}, as told above`];
  if (one.because === null) return [`${name}: ${digests(one)}; what it was is no longer kept`];
  return [
    `${name}: ${digests(one)}, because`,
    ...one.because.flatMap((cause) => differenceLines(cause, `${space}  `)),
  ];
}

function codeLines(change: CodeChange, space: string): string[] {
  switch (change.kind) {
    case "file": {
      const { file, line, was, now } = change;
      const place = `${space}code ${file}${line === undefined ? "" : `:${line}`}`;
      if (was === undefined || now === undefined) return [place];
      const room = 80 - space.length - "  was: ".length;
      const [then, since] = whereTheyDiffer(was, now, room);
      return [place, `${space}  was: ${then}`, `${space}  now: ${since}`];
    }
    case "new file":
      return [`${space}code ${change.file} is new`];
    case "file gone":
      return [`${space}code ${change.file} is no longer part of it`];
    case "package":
      return [`${space}package ${change.name}: ${arrow(change)}`];
    case "rule":
      return [
        `${space}code: its digest was computed by another version of the pipeline or esbuild`,
      ];
    default:
      return change satisfies never;
  }
}

/** Two lines in `room` columns: what they begin with alike is cut where the difference is far. */
function whereTheyDiffer(was: string, now: string, room: number): [string, string] {
  const [then, since] = [[...was], [...now]];
  let same = 0;
  while (same < then.length && then[same] === since[same]) same++;
  const long = Math.max(then.length, since.length) > room;
  const start = long && same > room / 2 ? same - Math.floor(room / 3) : 0;
  const cut = (line: string[]) =>
    clip((start > 0 ? ["…", ...line.slice(start)] : line).join(""), room);
  return [cut(then), cut(since)];
}

function arrow({ from, to }: { readonly from: string | null; readonly to: string | null }): string {
  return `${from ?? "(not there)"} -> ${to ?? "(not there)"}`;
}

function digests(
  { from, to }: { readonly from: string | null; readonly to: string | null },
): string {
  return arrow({ from: from?.slice(0, 8) ?? null, to: to?.slice(0, 8) ?? null });
}

/** What two answers have in common that say the same of two points. */
function shapeOf({ stored, wouldRun, failure, against, differences }: Answer): unknown {
  const shape = (one: Difference): unknown =>
    one.kind === "input"
      ? [
        one.kind,
        one.port,
        one.from === null,
        one.to === null,
        one.toldBefore,
        one.because?.map(shape),
      ]
      : one.kind === "input came out different"
      ? [one.kind, one.port]
      : one;
  return [stored, wouldRun, failure, against === null, differences.map(shape)];
}
