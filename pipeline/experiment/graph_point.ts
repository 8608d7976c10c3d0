/** Points of the graph before they are labelled, and how the points of several inputs are joined. */
import { type Candidate, pointText } from "../contract/candidates.ts";
import type { Scalar } from "../contract/stage.ts";
import { Complaint } from "../contract/complaint.ts";
import type { Canonical } from "../disk/canonical.ts";
import type { StageRequest } from "./stage_request.ts";
import { tooManyText } from "./sweep.ts";

/**
 * Axis -> value; undefined for an axis whose parameter has no effect at this point. All points of a stage
 * have the same axes.
 */
export type Axes = ReadonlyMap<string, Scalar | undefined>;

/** Axis without a value -> the values that the point stands for. */
export type StandsFor = ReadonlyMap<string, readonly Scalar[]>;

/** A node before its label is known; axes are named `stage.parameter`, so that they are unique. */
export interface GraphPoint {
  readonly request: StageRequest;
  readonly axes: Axes;
  readonly standsFor: StandsFor;
  readonly parameters: Readonly<Record<string, Canonical>>;
  /** Names of parameters without effect. */
  readonly unused: readonly string[];
  /** Named as in `GraphNode.inputs`. */
  readonly inputs: Readonly<Record<string, GraphPoint>>;
}

/** A node with some of its inputs still unknown. */
export type Beginning = Pick<GraphPoint, "axes" | "standsFor" | "inputs"> & {
  /** Of a stage that gathers: the points that it reads at once. */
  readonly candidates?: readonly Candidate[];
};

/** All pairs of points that agree: their shared axes have the same values. */
export function join(
  partial: readonly Beginning[],
  inputs: readonly GraphPoint[],
  { port, most, request }: { port: string; most: number; request: StageRequest },
): Beginning[] {
  const known = partial[0]?.axes ?? new Map();
  const shared = [...inputs[0]?.axes.keys() ?? []].filter((axis) => known.has(axis));
  const address = addressOn(shared);
  const byAddress = Map.groupBy(inputs, address);
  const joined: Beginning[] = [];
  for (const one of partial) {
    for (const input of byAddress.get(address(one)) ?? []) {
      if (joined.length === most) throw tooMany(request);
      joined.push({
        ...one,
        axes: input.axes.size === 0 ? one.axes : new Map([...one.axes, ...input.axes]),
        standsFor: new Map([...one.standsFor, ...input.standsFor]),
        inputs: { ...one.inputs, [port]: input },
      });
    }
  }
  return joined;
}

/** The values that a point has on these axes, as a text to compare. */
export function addressOn(axes: readonly string[]): (point: Pick<GraphPoint, "axes">) => string {
  return ({ axes: values }) =>
    JSON.stringify(axes.map((axis) => {
      const value = values.get(axis);
      return value === undefined ? [] : [value];
    }));
}

export function tooMany({ name, place }: StageRequest): Complaint {
  return new Complaint(tooManyText(name), "vary fewer parameters at once", { place });
}

export function labelOf({ request, axes }: Pick<GraphPoint, "request" | "axes">): string {
  const text = pointText(shortPoint(axes));
  return text === "" ? request.name : `${request.name}[${text}]`;
}

/** The values of a point by the names that people use for its axes. */
export function shortPoint(axes: Axes): Record<string, Scalar> {
  const short = shortNames(axes.keys());
  return Object.fromEntries(
    [...axes].flatMap(([axis, value]) => value === undefined ? [] : [[short.get(axis)!, value]]),
  );
}

/** Axis -> `alignment` for `tuned.alignment`, but the full name where two stages vary that parameter. */
export function shortNames(axes: Iterable<string>): Map<string, string> {
  const short = (axis: string) => axis.slice(axis.indexOf(".") + 1);
  const all = [...axes];
  const counts = Map.groupBy(all, short);
  return new Map(
    all.map((axis) => [axis, counts.get(short(axis))!.length === 1 ? short(axis) : axis]),
  );
}
