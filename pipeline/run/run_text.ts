/** The texts of a plan and of a failed run. */
import { printPlace } from "../contract/complaint.ts";
import type { Concurrency } from "./concurrency.ts";
import type { Execution } from "./schedule.ts";
import { type Planned, whyText } from "../plan/plan.ts";

/** One line per node: `hit`, or `run` with the reason. */
export function planText(plan: readonly Planned[], concurrency: Concurrency): string {
  const widest = Math.max(...plan.map(({ node }) => node.label.length));
  const lines = plan.map((planned) => {
    const { label, key } = planned.node;
    const why = planned.action === "run" ? `  ${whyText(planned.why)}` : "";
    return `${planned.action}  ${label.padEnd(widest)}  ${key.slice(0, 10)}${why}`.trimEnd();
  });
  const toRun = plan.filter(({ action }) => action === "run").length;
  const summary = toRun === 0
    ? nothingText(plan.length)
    : `${toRun} of ${plan.length} stages would run, ${concurrencyText(concurrency)}`;
  return [...lines, summary].join("\n");
}

function concurrencyText({ threads, jobs }: Concurrency): string {
  const atOnce = jobs === 1 ? "one at a time" : `up to ${jobs} at once`;
  return `${atOnce}, with ${threads} thread${threads === 1 ? "" : "s"} in each that computes`;
}

/** The same as data, for programs. */
export function planFacts(plan: readonly Planned[]): object[] {
  return plan.map((planned) => ({
    stage: planned.node.label,
    key: planned.node.key,
    action: planned.action,
    ...(planned.action === "run" && { why: whyText(planned.why) }),
  }));
}

/** The text when all stages are stored. */
export function nothingText(stages: number): string {
  return stages === 1
    ? "nothing to run: the one stage is up to date"
    : `nothing to run: all ${stages} stages are up to date`;
}

/** The failures with the ends of their logs, the stages not run as a result, and the command to retry. */
export function failureText(
  { failed, left }: Execution,
  commandAgain: (...only: string[]) => string,
): string {
  const blocks = failed.map(({ node, outcome: { failure, log } }) => {
    const place = failure.place === undefined ? [] : [`  --> ${printPlace(failure.place)}`];
    const lines = log.map((line) => `  | ${line}`);
    const fix = failure.fix === undefined ? [] : [`fix: ${failure.fix}`];
    return [
      `error: stage \`${node.label}\` failed: ${failure.what}`,
      ...place,
      ...lines,
      ...fix,
    ].join("\n");
  });
  const rest = left.length === 0 ? [] : [`not run as a result: ${countedStages(left)}`];
  const only = failed.flatMap(({ node }) => ["--only", node.label]);
  const again = `to retry: ${commandAgain(...(failed.length > 4 ? [] : only))}`;
  return ["", ...blocks, ...rest, again].join("\n");
}

/** The same as data, for programs. */
export function failureFacts({ failed, left }: Execution): object {
  return {
    failed: failed.map(({ node: { label, key }, outcome: { failure, log } }) => ({
      stage: label,
      key,
      ...failure,
      log,
    })),
    left: left.map(({ label }) => label),
  };
}

/** `tuned` (3), `recall` */
function countedStages(nodes: readonly { readonly stage: string }[]): string {
  return [...Map.groupBy(nodes, ({ stage }) => stage)]
    .map(([stage, points]) =>
      points.length === 1 ? `\`${stage}\`` : `\`${stage}\` (${points.length})`
    )
    .join(", ");
}
