/** Formats the answers of `why` as text. */
import type { CodeChange } from "./code_changes.ts";
import { clip, minuteText } from "../terminal/terminal_text.ts";
import type { Answer, Difference } from "./why.ts";

/** Prints identical answers for several points once. A point is one combination of matrix values. */
export function whyAnswersText(answers: readonly Answer[]): string {
  const alike = Map.groupBy(answers, (answer) => JSON.stringify(shapeOf(answer)));
  return [...alike.values()].map((same) => {
    const [first, ...others] = same;
    const rest = others.length === 0
      ? []
      : [`the same for ${others.length} other point${others.length === 1 ? "" : "s"}`];
    return [...answerLines(first!), ...rest].join("\n");
  }).join("\n\n");
}

function answerLines(
  { label, key, stored, wouldRun, failure, against, differences }: Answer,
): string[] {
  const failed = failure === undefined ? [] : [`  its last run failed: ${failure}`];
  if (against === null) return [`${label}: never computed`, ...failed];
  const name = against.label === label ? "" : `${against.label}, `;
  const run = `${name}${against.key.slice(0, 8)}, computed ${minuteText(against.started)} UTC`;
  if (differences.length > 0) {
    return [
      `${label}: ${wouldRun ? "would run" : "stored and complete"}`,
      `  compared with ${run}:`,
      ...differences.flatMap((one) => differenceLines(one, "  ")),
      ...failed,
    ];
  }
  if (key !== against.key) return [`${label}: no differences from`, `  ${run}`];
  return [
    stored
      ? `${label}: no differences; stored and complete`
      : `${label}: no differences, but the stored result is damaged, so it would run`,
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
        ? [`${space}code: the earlier code was not kept (digest ${digests(one)})`]
        : one.changes.flatMap((change) => codeLines(change, space));
    case "outside file":
      return [
        `${space}outside file ${one.role}: digest ${digests(one)}`,
        ...(one.path === undefined ? [] : [`${space}  ${one.path}`]),
      ];
    case "input":
      return inputLines(one, space);
    case "input came out different":
      return [
        `${space}input ${one.port} (${one.label}) was recomputed since, with a different result:`,
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
  if (one.toldBefore) return [`${name}: ${digests(one)}, as shown above`];
  if (one.because === null) {
    return [`${name}: ${digests(one)}; the earlier input is no longer kept`];
  }
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
      const width = 80 - space.length - "  was: ".length;
      const [earlier, current] = clippedLines(was, now, width);
      return [place, `${space}  was: ${earlier}`, `${space}  now: ${current}`];
    }
    case "new file":
      return [`${space}code ${change.file} is new`];
    case "file gone":
      return [`${space}code ${change.file} is no longer used`];
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

/** Clips two lines to `width` columns, omitting a long common beginning. */
function clippedLines(was: string, now: string, width: number): [string, string] {
  const [earlier, current] = [[...was], [...now]];
  let same = 0;
  while (same < earlier.length && earlier[same] === current[same]) same++;
  const isLong = Math.max(earlier.length, current.length) > width;
  const start = isLong && same > width / 2 ? same - Math.floor(width / 3) : 0;
  const cut = (line: string[]) =>
    clip((start > 0 ? ["…", ...line.slice(start)] : line).join(""), width);
  return [cut(earlier), cut(current)];
}

function arrow({ from, to }: { readonly from: string | null; readonly to: string | null }): string {
  return `${from ?? "(none)"} -> ${to ?? "(none)"}`;
}

function digests(
  { from, to }: { readonly from: string | null; readonly to: string | null },
): string {
  return arrow({ from: from?.slice(0, 8) ?? null, to: to?.slice(0, 8) ?? null });
}

/** The part of an answer that is the same for equivalent points. */
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
