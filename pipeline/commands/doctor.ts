/**
 * `doctor`: looks at everything that a run of an experiment needs before anything starts: files from
 * outside, library, memory, disk; and estimates how long it takes.
 */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { Complaint } from "../contract/complaint.ts";
import type { Display } from "../terminal/display.ts";
import type { GraphNode } from "../experiment/stage_graph.ts";
import { missingText, outsidePaths, partsOf, settingsFor } from "../key/outside_files.ts";
import { lackingPackages } from "../run/packages.ts";
import type { Stages } from "../contract/stages.ts";
import type { Examination, Facts, Finding } from "../contract/stage.ts";
import { bytesText, formatSeconds } from "../terminal/terminal_text.ts";

export interface DoctorOptions {
  readonly examinations: Stages["examinations"];
  /** Inputs first. */
  readonly nodes: readonly GraphNode[];
  readonly results: string;
  readonly threads: number;
  readonly jobs: number;
  /** Where packages are fetched to. */
  readonly cache: string;
  readonly display: Display;
  /** What is found out about the library and the device. */
  compute(): Promise<readonly Finding[]>;
}

/** @returns 0 when a run can start, 2 when something is in its way */
export async function examine(options: DoctorOptions): Promise<number> {
  const { nodes, display } = options;
  const tell = (finding: Finding) => display.line(findingText(finding));
  const found: Finding[] = [];
  const say = (findings: readonly Finding[]) =>
    findings.forEach((one) => found.push(one) && tell(one));

  say(outsideFindings(nodes));
  say(packageFindings(nodes, options.cache));
  if (nodes.some(({ definition }) => definition.compute)) say(await options.compute());
  const examined = new Map<string, Examination>();
  const bySignature = new Map<string, Examination>();
  for (const node of nodes) {
    // Points of a sweep that differ in a seed alone take equally long.
    const signature = signatureOf(node, examined);
    const known = bySignature.get(signature);
    const examination = known ?? await examineNode(node, examined, options);
    if (examination === undefined) continue;
    examined.set(node.label, examination);
    if (known !== undefined) continue;
    bySignature.set(signature, examination);
    say(
      examination.findings.map((finding) => ({
        ...finding,
        what: `${node.label}: ${finding.what}`,
      })),
    );
  }
  const all = nodes.map(({ label }) => examined.get(label));
  say(memoryFindings(all.map((one) => one?.memory ?? 0), options));
  const kept = all.reduce((sum, one) => sum + (one?.disk ?? 0), 0);
  const scratch = largest(all.map((one) => one?.scratch ?? 0), options.jobs);
  say(diskFindings(kept + scratch, options.results));
  display.line(timeText(nodes, examined, options.jobs));
  const bad = found.filter(({ verdict }) => verdict === "bad").length;
  display.line(
    bad === 0
      ? "nothing is in the way of a run"
      : `${bad} thing${bad === 1 ? " is" : "s are"} in the way of a run`,
  );
  return bad === 0 ? 0 : 2;
}

const marks = { ok: "ok  ", note: "note", bad: "BAD " } as const;

function findingText({ verdict, what, fix }: Finding): string {
  const lines = what.split("\n").map((line, i) => `${i === 0 ? marks[verdict] : "    "}  ${line}`);
  return [...lines, ...(fix === undefined ? [] : [`      fix: ${fix}`])].join("\n");
}

function outsideFindings(nodes: readonly GraphNode[]): Finding[] {
  const seen = new Set<string>();
  return nodes.flatMap((node) =>
    node.outside.flatMap((file): Finding[] => {
      if (seen.has(file.path)) return [];
      seen.add(file.path);
      const parts = partsOf(file);
      if (parts === undefined) {
        const about = [file.what, file.size, file.published].filter((one) => one !== undefined);
        const fix = `put it there, or say where it is: ${settingsFor(node, file).join(", ")}`;
        return [{
          verdict: "bad",
          what: `not there: ${missingText(file)}\n${about.join("\n")}`,
          fix,
        }];
      }
      const bytes = parts.reduce((sum, { path }) => sum + Deno.statSync(path).size, 0);
      return [{ verdict: "ok", what: `${file.path}: ${file.what}, ${bytesText(bytes)}` }];
    })
  );
}

function packageFindings(nodes: readonly GraphNode[], cache: string): Finding[] {
  return lackingPackages(nodes, cache).map(({ distribution, version, bytes }) => ({
    verdict: "note",
    what: `${distribution} ${version} (${bytesText(bytes)}) will be fetched, once`,
  }));
}

/** Undefined where it has no examination, or where what it reads could not be examined. */
async function examineNode(
  node: GraphNode,
  examined: ReadonlyMap<string, Examination>,
  { threads, cache, display, examinations }: DoctorOptions,
): Promise<Examination | undefined> {
  const { definition, parameters, inputs } = node;
  const missing = node.outside.some((file) => partsOf(file) === undefined);
  const facts = Object.entries(inputs).map(([port, label]) =>
    [port, examined.get(label)?.facts] as const
  );
  if (missing || facts.some(([, fact]) => fact === undefined)) return undefined;
  const examine = examinations[definition.name];
  if (examine === undefined) return undefined;
  try {
    return await examine({
      parameters,
      files: outsidePaths(node, cache),
      inputs: Object.fromEntries(facts) as Record<string, Facts>,
      threads,
      progress: display.task(node.label),
    });
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    const { file } = error.options.place ?? {};
    const what = file === undefined ? error.what : `${error.what}\n${file}`;
    return { findings: [{ verdict: "bad", what, fix: error.fix }] };
  }
}

/** Equal for nodes that do the same work on data of the same sizes. */
function signatureOf(
  { definition, parameters, inputs, outside, label }: GraphNode,
  examined: ReadonlyMap<string, Examination>,
): string {
  const { seed: _, ...rest } = parameters as Record<string, unknown>;
  const facts = Object.entries(inputs).map(([port, label]) => [port, examined.get(label)?.facts]);
  return JSON.stringify([definition.name, rest, facts, outside.length > 0 ? label : ""]);
}

/** What the most demanding stages that can run at once need together. */
function largest(needs: readonly number[], jobs: number): number {
  return needs.toSorted((a, b) => b - a).slice(0, jobs).reduce((sum, one) => sum + one, 0);
}

function memoryFindings(needs: readonly number[], { jobs }: DoctorOptions): Finding[] {
  const most = largest(needs, jobs);
  if (most === 0) return [];
  const { available, total } = Deno.systemMemoryInfo();
  const what = `about ${bytesText(most)} of memory are needed, ${bytesText(available)} of ` +
    `${bytesText(total)} are free`;
  if (most <= available) return [{ verdict: "ok", what }];
  return [{ verdict: "bad", what, fix: "use fewer --jobs, a smaller model or a larger machine" }];
}

function diskFindings(need: number, results: string): Finding[] {
  if (need === 0) return [];
  const { bavail, bsize } = statfsSync(nearestFolder(results));
  const free = Number(bavail) * Number(bsize);
  const what = `about ${bytesText(need)} of disk are needed, ${bytesText(free)} are free`;
  if (need <= free) return [{ verdict: "ok", what }];
  return [{
    verdict: "bad",
    what,
    fix: "free some space, or put results elsewhere: --results DIR",
  }];
}

function nearestFolder(path: string): string {
  try {
    Deno.statSync(path);
    return path;
  } catch {
    return dirname(path) === path ? path : nearestFolder(dirname(path));
  }
}

function timeText(
  nodes: readonly GraphNode[],
  examined: ReadonlyMap<string, Examination>,
  jobs: number,
): string {
  const byStage = Map.groupBy(nodes, ({ stage }) => stage);
  const rows = [...byStage].map(([stage, points]) => {
    const seconds = points.map(({ label }) => examined.get(label)?.seconds);
    const known = seconds.filter((one) => one !== undefined);
    return {
      stage,
      count: points.length,
      known: known.length,
      total: known.reduce((a, b) => a + b, 0),
    };
  });
  const timed = rows.filter(({ known }) => known > 0);
  const total = timed.reduce((sum, row) => sum + row.total, 0);
  const lines = timed.map(({ stage, count, known, total }) =>
    `  ${stage}: ${known < count ? `${known} of ${count}` : count} x ${
      formatSeconds(total / known)
    }`
  );
  if (lines.length === 0) return "no time can be estimated";
  const unknown = rows.filter(({ known }) => known === 0).map(({ stage }) => stage);
  return [
    "estimated time, nothing stored yet:",
    ...lines,
    `  in all about ${formatSeconds(total)}${jobs > 1 ? `, shared by ${jobs} jobs` : ""}` +
    (unknown.length > 0 ? `, without ${unknown.join(", ")}` : ""),
  ].join("\n");
}
