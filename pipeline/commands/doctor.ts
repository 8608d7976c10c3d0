/** `doctor`: checks everything that a run needs before anything starts. */
import { cacheFolder } from "../contract/pinned_package.ts";
import { Complaint, distinctErrors, printPlace } from "../contract/complaint.ts";
import { concurrencyOf } from "../run/concurrency.ts";
import { defineCommand } from "./define_command.ts";
import type { Display } from "../terminal/display.ts";
import { experimentFile, jobs, only, set, threads } from "./shared_options.ts";
import type { GraphNode } from "../experiment/stage_graph.ts";
import { missingText, outsidePaths, partsOf, settingsFor } from "../key/outside_files.ts";
import { missingPackages } from "../run/packages.ts";
import { lowerText, OutOfMemory } from "../contract/out_of_memory.ts";
import { neededFor } from "../experiment/selection.ts";
import type { Stages } from "../contract/stages.ts";
import type { Examination, Facts, Finding } from "../contract/stage.ts";
import { diskFindings, gpuFindings, largest, memoryFindings } from "./doctor_space.ts";
import { requireConfinable } from "../run/places.ts";
import { readRequest } from "../experiment/read_request.ts";
import { requestErrors } from "../plan/request_checks.ts";
import { bytesText, formatSeconds } from "../terminal/terminal_text.ts";

export const doctorCommand = defineCommand({
  name: "doctor",
  summary: "check that a run can start, and estimate how long it takes",
  details: "Checks data, checkpoints, the TensorFlow library, memory and disk. Exit code 0: " +
    "ready to run. 2: something is missing.",
  arguments: { file: experimentFile },
  options: { set, only, jobs, threads },
  example: "experiments/smoke.yaml",
  async run({ results, ...request }, world) {
    const { experiment, graph, notes } = readRequest(request, world);
    const { threads, jobs } = concurrencyOf(request, experiment, world);
    using display = world.openDisplay();
    return await examineAll({
      nodes: neededFor(graph, request.only),
      notes,
      results,
      threads,
      jobs,
      cache: cacheFolder(world.environment),
      display,
      examinations: world.stages.examinations,
      checks: world.stages.checks,
      compute: () => world.stages.examineCompute({ threads }, display.task("TensorFlow")),
      gpuMemory: () => world.stages.gpuMemory(),
    });
  },
});

interface DoctorOptions {
  readonly examinations: Stages["examinations"];
  readonly checks: Stages["checks"];
  /** Inputs first. */
  readonly nodes: readonly GraphNode[];
  /** About parameters without effect. */
  readonly notes: readonly string[];
  readonly results: string;
  readonly threads: number;
  readonly jobs: number;
  /** Folder of fetched packages. */
  readonly cache: string;
  readonly display: Display;
  /** Findings about the library and the device. */
  compute(): Promise<readonly Finding[]>;
  /** Bytes of the GPU that a stage gets; undefined if stages compute on the processor. */
  gpuMemory(): number | undefined;
}

/** @returns 0 when a run can start, 2 when something is missing */
async function examineAll(options: DoctorOptions): Promise<0 | 2> {
  const { nodes, display } = options;
  const found: Finding[] = [];
  const show = (findings: readonly Finding[]) => {
    found.push(...findings);
    for (const finding of findings) display.line(findingText(finding));
  };

  show(placeFindings(options.results));
  show(options.notes.map((what): Finding => ({ verdict: "note", what })));
  show(outsideFindings(nodes));
  show(await packageFindings(nodes, options.cache));
  if (nodes.some(({ definition }) => definition.compute)) show(await options.compute());
  const refused = await requestErrors(nodes, new Set(nodes.map(({ label }) => label)), options);
  show(distinctErrors([...refused.values()].flat()).map(findingOf));
  const examined = new Map<string, Examination>();
  const bySignature = new Map<string, Examination>();
  for (const node of nodes) {
    // Points of a sweep that differ only in the seed take equally long.
    const signature = signatureOf(node, examined);
    const known = bySignature.get(signature);
    if (refused.has(node.label)) continue;
    const examination = known ?? await examineNode(node, examined, options);
    if (examination === undefined) continue;
    examined.set(node.label, examination);
    if (known !== undefined) continue;
    bySignature.set(signature, examination);
    show(
      examination.findings.map((finding) => ({
        ...finding,
        what: `${node.label}: ${finding.what}`,
      })),
    );
  }
  const all = nodes.map(({ label }) => examined.get(label));
  const needs = nodes.map((node) => ({ node, bytes: examined.get(node.label)?.memory ?? 0 }));
  show(memoryFindings(needs, options));
  show(gpuFindings(needs, options.gpuMemory()));
  const kept = all.reduce((sum, one) => sum + (one?.disk ?? 0), 0);
  const scratch = largest(all.map((one) => one?.scratch ?? 0), options.jobs);
  show(diskFindings(kept + scratch, options.results));
  display.line(timeText(nodes, examined, options.jobs));
  const bad = found.filter(({ verdict }) => verdict === "bad").length;
  display.line(
    bad === 0
      ? "ready to run"
      : `not ready to run: ${bad} problem${bad === 1 ? "" : "s"} to fix first`,
  );
  return bad === 0 ? 0 : 2;
}

const marks = { ok: "ok  ", note: "note", bad: "BAD " } as const;

function findingText({ verdict, what, fix }: Finding): string {
  const lines = what.split("\n").map((line, i) => `${i === 0 ? marks[verdict] : "    "}  ${line}`);
  return [...lines, ...(fix === undefined ? [] : [`      fix: ${fix}`])].join("\n");
}

/** What is wrong with the results folder; that it can be written shows only when a run prepares it. */
function placeFindings(results: string): Finding[] {
  try {
    requireConfinable(results);
    return [];
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    const { what, fix, options: { place } } = error;
    return [{ verdict: "bad", what: `${what}\n${place?.file ?? results}`, fix }];
  }
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
        const fix = `put it there, or set its path: ${settingsFor(node, file).join(", ")}`;
        return [{
          verdict: "bad",
          what: `missing: ${missingText(file)}\n${about.join("\n")}`,
          fix,
        }];
      }
      const bytes = parts.reduce((sum, { path }) => sum + Deno.statSync(path).size, 0);
      return [{ verdict: "ok", what: `${file.path}: ${file.what}, ${bytesText(bytes)}` }];
    })
  );
}

async function packageFindings(nodes: readonly GraphNode[], cache: string): Promise<Finding[]> {
  return (await missingPackages(nodes, cache)).map(({ distribution, version, bytes }) => ({
    verdict: "note",
    what: `${distribution} ${version} (${bytesText(bytes)}) will be downloaded once`,
  }));
}

/** Undefined if the stage has no examination, or if a stage that it reads could not be examined. */
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
    if (error instanceof OutOfMemory) {
      const fix = lowerText(definition.memoryUse, parameters);
      return { findings: [{ verdict: "bad", what: `memory ran out: ${error.message}`, fix }] };
    }
    if (!(error instanceof Complaint)) throw error;
    return { findings: [findingOf(error)] };
  }
}

function findingOf({ what, fix, options: { place } }: Complaint): Finding {
  const where = place === undefined ? "" : `\n${printPlace(place)}`;
  return { verdict: "bad", what: `${what}${where}`, fix };
}

/** Equal for nodes that do the same work on data of the same size. */
function signatureOf(
  { definition, parameters, inputs, outside, label }: GraphNode,
  examined: ReadonlyMap<string, Examination>,
): string {
  const { seed: _, ...rest } = parameters as Record<string, unknown>;
  const facts = Object.entries(inputs).map(([port, label]) => [port, examined.get(label)?.facts]);
  return JSON.stringify([definition.name, rest, facts, outside.length > 0 ? label : ""]);
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
  if (lines.length === 0) return "the time cannot be estimated";
  const unknown = rows.filter(({ known }) => known === 0).map(({ stage }) => stage);
  return [
    "estimated time, if nothing is stored yet:",
    ...lines,
    `  about ${formatSeconds(total)} in total${jobs > 1 ? `, shared by ${jobs} jobs` : ""}` +
    (unknown.length > 0 ? `, without ${unknown.join(", ")}` : ""),
  ].join("\n");
}
