/** From an experiment to the graph of required results: references resolved, sweeps expanded into points. */
import type { Canonical } from "../disk/canonical.ts";
import {
  Complaint,
  didYouMean,
  enough,
  type Place,
  throwComplaints,
} from "../contract/complaint.ts";
import type { Experiment } from "./experiment.ts";
import { gatheredPoints } from "./gathered_points.ts";
import {
  type Beginning,
  type GraphPoint,
  join,
  labelOf,
  shortNames,
  shortPoint,
  tooMany,
} from "./graph_point.ts";
import { mostPoints } from "./range.ts";
import { clipped, listed } from "./shown_value.ts";
import type { OutsideFile, Resources, Scalar, StageDefinition } from "../contract/stage.ts";
import { checkStages, type StageRequest } from "./stage_request.ts";
import type { PinnedPackage } from "../contract/pinned_package.ts";

/** One required result: of a stage, or of one point of a swept stage. */
export interface GraphNode {
  /** `scenes`, or with its point `tuned[alignment=none,seed=1]`; unique in the graph. */
  readonly label: string;
  /** Name of the stage in the experiment. */
  readonly stage: string;
  readonly definition: StageDefinition;
  /**
   * Axis -> value, for its own matrix and for those of all stages it reads, directly or not. An axis whose
   * parameter has no effect at this point is missing.
   */
  readonly point: Readonly<Record<string, Scalar>>;
  /** Such an axis -> the values that the point stands for. */
  readonly standsFor: Readonly<Record<string, readonly Scalar[]>>;
  /** With defaults filled in; paths are absolute. */
  readonly parameters: Readonly<Record<string, Canonical>>;
  /** Names of parameters without effect, which have their defaults and are not part of the key. */
  readonly unused: readonly string[];
  readonly outside: readonly OutsideFile[];
  /** Role -> published package that is fetched for it. */
  readonly packages: Readonly<Record<string, PinnedPackage>>;
  /** Resources that the experiment sets for a run of it; not part of its key. */
  readonly resources: Partial<Resources>;
  /** Port -> label of the node it reads; a gathering port has one entry per candidate: `from[weight=2]`. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The stage in the experiment file. */
  readonly place: Place;
  /** Parameter -> where the experiment sets it. */
  readonly places: ReadonlyMap<string, Place>;
}

export interface StageGraph {
  readonly nodes: GraphNode[];
  /** Sentences about parameters without effect, by stage. */
  readonly notes: readonly string[];
}

/**
 * The nodes of an experiment in an order in which they can run: each node follows those it reads.
 * Otherwise stages are in the order of the file, and points in the order of the matrix.
 *
 * @throws Complaint or ComplaintList with all errors in the experiment's stages
 */
export function buildGraph(
  experiment: Experiment,
  catalogue: readonly StageDefinition[],
): StageGraph {
  const complaints: Complaint[] = [];
  const requests = checkStages(experiment, catalogue, complaints);
  const names = new Set(experiment.stages.map(({ name }) => name));
  checkReferences(requests, names, complaints);
  throwComplaints(complaints);
  const ordered = inOrder(requests);
  checkKinds(ordered);
  return { nodes: expand(ordered), notes: requests.flatMap(({ notes }) => notes) };
}

function checkReferences(
  requests: readonly StageRequest[],
  names: ReadonlySet<string>,
  complaints: Complaint[],
): void {
  for (const request of requests) {
    for (const { stage, place } of Object.values(request.inputs)) {
      if (names.has(stage)) continue;
      if (enough(complaints)) return;
      const others = [...names].filter((name) => name !== request.name);
      complaints.push(
        new Complaint(
          `stage \`${request.name}\` reads \`${clipped(stage)}\`, which no stage writes`,
          didYouMean(stage, others) ?? `the stages are ${listed(names)}`,
          { place },
        ),
      );
    }
  }
}

/** Topological order, depth first in the order of the file; iterative, so deep chains cannot overflow the stack. */
function inOrder(requests: readonly StageRequest[]): StageRequest[] {
  const byName = new Map(requests.map((request) => [request.name, request]));
  const done = new Set<string>();
  const ordered: StageRequest[] = [];
  for (const start of requests) {
    const path: { request: StageRequest; waiting: { stage: string }[] }[] = [];
    const open = new Set<string>();
    const enter = (request: StageRequest) => {
      open.add(request.name);
      path.push({ request, waiting: Object.values(request.inputs).reverse() });
    };
    if (!done.has(start.name)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.waiting.pop();
      if (next === undefined) {
        path.pop();
        open.delete(top.request.name);
        done.add(top.request.name);
        ordered.push(top.request);
      } else if (open.has(next.stage)) {
        throw cycle(path.map(({ request }) => request), next.stage);
      } else if (!done.has(next.stage)) {
        enter(byName.get(next.stage)!);
      }
    }
  }
  return ordered;
}

function cycle(path: readonly StageRequest[], repeated: string): Complaint {
  const loop = path.slice(path.findIndex(({ name }) => name === repeated));
  const last = loop.at(-1)!;
  const { place } = Object.values(last.inputs).find(({ stage }) => stage === repeated)!;
  const all = [...loop.map(({ name }) => name), repeated];
  const names = all.length > 20 ? [...all.slice(0, 10), "…", ...all.slice(-10)] : all;
  return new Complaint(
    `stages depend on each other in a cycle: ${names.join(" -> ")}`,
    "change one of them to read a stage outside the cycle",
    { place },
  );
}

function checkKinds(requests: readonly StageRequest[]): void {
  const byName = new Map(requests.map((request) => [request.name, request]));
  const complaints: Complaint[] = [];
  for (const { name, definition, inputs } of requests) {
    for (const [port, { stage, place }] of Object.entries(inputs)) {
      const { kinds, refuse } = definition.inputs[port]!;
      const read = byName.get(stage)!;
      const kind = read.definition.output;
      if (enough(complaints)) break;
      const refused = kinds.includes(kind) && refuse !== undefined
        ? read.variants.map(({ parameters }) => refuse(parameters)).find((one) => one !== undefined)
        : undefined;
      if (refused !== undefined) {
        const what = `\`${port}\` of stage \`${name}\` names \`${stage}\`, ${refused.what}`;
        complaints.push(new Complaint(what, refused.fix, { place }));
      }
      if (kinds.includes(kind)) continue;
      const fitting = requests.filter((other) =>
        other.name !== name && kinds.includes(other.definition.output)
      );
      complaints.push(
        new Complaint(
          `\`${port}\` of stage \`${name}\` accepts ${kinds.join(" or ")}, ` +
            `but \`${stage}\` writes ${kind}`,
          fitting.length === 0
            ? `add a stage that writes ${kinds.join(" or ")}`
            : `use ${listed(fitting.map((other) => other.name)).replaceAll(", ", " or ")}`,
          { place },
        ),
      );
    }
  }
  throwComplaints(complaints);
}

function expand(requests: readonly StageRequest[]): GraphNode[] {
  const nodesOf = new Map<string, readonly GraphPoint[]>();
  let left = mostPoints;
  for (const request of requests) {
    const partial = beginningsOf(request, nodesOf, left);
    left -= partial.length * request.variants.length;
    if (left < 0) throw tooMany(request);
    nodesOf.set(
      request.name,
      partial.flatMap(({ axes, standsFor, inputs, candidates }) =>
        request.variants.map((variant) => ({
          request,
          axes: new Map([
            ...axes,
            ...request.axes.map((axis) =>
              [`${request.name}.${axis}`, variant.point[axis]] as const
            ),
          ]),
          standsFor: new Map([
            ...standsFor,
            ...Object.entries(variant.standsFor).map(([axis, values]) =>
              [`${request.name}.${axis}`, values] as const
            ),
          ]),
          parameters: { ...variant.parameters, ...(candidates && { candidates }) },
          unused: [...variant.unused.keys()],
          inputs,
        }))
      ),
    );
  }
  const labels = new Map<GraphPoint, string>();
  return [...nodesOf.values()].flat().map((node) => labelled(node, labels));
}

/** The points that a stage has because of those that it reads. */
function beginningsOf(
  request: StageRequest,
  nodesOf: ReadonlyMap<string, readonly GraphPoint[]>,
  most: number,
): Beginning[] {
  const { definition: { gathers }, inputs } = request;
  let partial = gathers === undefined
    ? [{ axes: new Map(), standsFor: new Map(), inputs: {} }]
    : gatheredPoints(request, gathers, nodesOf);
  for (const [port, { stage }] of Object.entries(inputs)) {
    if (gathers?.ports.includes(port)) continue;
    partial = join(partial, nodesOf.get(stage)!, { port, most, request });
  }
  return partial;
}

function labelled(
  { request, axes, standsFor, parameters, unused, inputs }: GraphPoint,
  labels: Map<GraphPoint, string>,
): GraphNode {
  const labelOfInput = (node: GraphPoint) => {
    const known = labels.get(node) ?? labelOf(node);
    labels.set(node, known);
    return known;
  };
  return {
    label: labelOf({ request, axes }),
    stage: request.name,
    definition: request.definition,
    point: shortPoint(axes),
    standsFor: Object.fromEntries(
      [...standsFor].map(([axis, values]) => [shortNames(axes.keys()).get(axis)!, values]),
    ),
    parameters,
    unused,
    outside: request.definition.outside?.(parameters) ?? [],
    packages: request.definition.packages?.(parameters) ?? {},
    resources: request.resources,
    place: request.place,
    places: request.places,
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([port, input]) => [port, labelOfInput(input)]),
    ),
  };
}
