/**
 * The points of a stage that gathers: one for each combination of the axes that it does not gather along,
 * with all points along the others as its inputs. Each has the same candidates, in the order of the file;
 * where an axis has no effect, its values are one candidate.
 */
import { type Candidate, candidateInput, pointText } from "../contract/candidates.ts";
import type { Gathering } from "../contract/stage.ts";
import { Complaint, didYouMean, type Place } from "../contract/complaint.ts";
import { addressOn, type Beginning, type GraphPoint, labelOf, shortNames } from "./graph_point.ts";
import { clipped, listed } from "./shown_value.ts";
import type { StageRequest } from "./stage_request.ts";

/**
 * @param nodesOf the points of the stages that it reads, in the order of the file
 * @throws Complaint about axes that do not exist, and about ports that do not fit each other
 */
export function gatheredPoints(
  request: StageRequest,
  gathers: Gathering,
  nodesOf: ReadonlyMap<string, readonly GraphPoint[]>,
): Beginning[] {
  const [first, ...others] = gathers.ports as [string, ...string[]];
  const gathered = nodesOf.get(request.inputs[first]!.stage)!;
  const axes = [...gathered[0]!.axes.keys()];
  const along = axesAlong(request, gathers, { axes, gathered });
  const remaining = axes.filter((axis) => !along.includes(axis));
  const partners = others.map((port) => partnersAt(port, { first, request, gathered, nodesOf }));
  const short = shortNames(axes);
  const candidateOf = (point: GraphPoint): Candidate =>
    Object.fromEntries(along.flatMap((axis) => {
      const value = point.axes.get(axis);
      return value === undefined ? [] : [[short.get(axis)!, value]];
    }));
  const candidates = [
    ...new Map(gathered.map(candidateOf).map((one) => [pointText(one), one])).values(),
  ];
  return [...Map.groupBy(gathered, addressOn(remaining)).values()].map((group) => {
    const byText = new Map(group.map((point) => [pointText(candidateOf(point)), point]));
    const own = candidates.filter((candidate) => byText.has(pointText(candidate)));
    const missing = candidates.find((candidate) => !own.some((one) => agree(one, candidate)));
    if (missing !== undefined) throw unequal(request, first, { group, missing });
    return {
      axes: new Map(remaining.map((axis) => [axis, group[0]!.axes.get(axis)])),
      standsFor: new Map(
        [...group[0]!.standsFor].filter(([axis]) => remaining.includes(axis)),
      ),
      inputs: Object.fromEntries(own.flatMap((candidate) => {
        const point = byText.get(pointText(candidate))!;
        return [
          [candidateInput(first, candidate), point],
          ...others.map((port, place) =>
            [candidateInput(port, candidate), partners[place]!(point)] as const
          ),
        ];
      })),
      candidates: own,
    };
  });
}

/** Whether two candidates have the same values on the axes that have an effect on both. */
function agree(one: Candidate, other: Candidate): boolean {
  return Object.entries(one).every(([axis, value]) => (other[axis] ?? value) === value);
}

/** The full names of the axes to gather along, in the order of the file. */
function axesAlong(
  { name, inputs, settings, place, variants }: StageRequest,
  { ports: [port], along }: Gathering,
  { axes, gathered }: { axes: readonly string[]; gathered: readonly GraphPoint[] },
): string[] {
  const { stage } = inputs[port!]!;
  const names = variants[0]!.parameters[along] as readonly string[];
  if (
    variants.some(({ parameters }) => JSON.stringify(parameters[along]) !== JSON.stringify(names))
  ) {
    throw new Complaint(
      `\`${along}\` of stage \`${name}\` differs between its points`,
      "use two stages",
      { place },
    );
  }
  const short = shortNames(axes);
  const pinned = pinnedAxes(gathered[0]!);
  const found = names.flatMap((given, index) => {
    const axis = axes.find((axis) => axis === given || short.get(axis) === given);
    if (axis !== undefined) return [axis];
    if (pinned.has(given)) return [];
    throw new Complaint(
      `stage \`${name}\` reads all points along \`${clipped(given)}\`, ` +
        `but \`${stage}\` is not swept over it`,
      didYouMean(given, short.values()) ??
        (axes.length === 0
          ? `give \`${stage}\` a matrix with the values to choose from`
          : `its axes are ${listed(short.values())}`),
      { place: settings.get(along)?.at([index]) ?? place },
    );
  });
  return axes.filter((axis) => found.includes(axis));
}

/** Axes that the command line pins to one value, of a stage and all that it reads: with and without its name. */
function pinnedAxes({ request: { name, pinned }, inputs }: GraphPoint): Set<string> {
  return new Set([
    ...pinned.flatMap((axis) => [axis, `${name}.${axis}`]),
    ...Object.values(inputs).flatMap((input) => [...pinnedAxes(input)]),
  ]);
}

/** For each point of the first port, the point of another port that reads it. */
function partnersAt(
  port: string,
  { first, request, gathered, nodesOf }: {
    readonly first: string;
    readonly request: StageRequest;
    readonly gathered: readonly GraphPoint[];
    readonly nodesOf: ReadonlyMap<string, readonly GraphPoint[]>;
  },
): (point: GraphPoint) => GraphPoint {
  const [from, by] = [request.inputs[first]!, request.inputs[port]!];
  const judges = nodesOf.get(by.stage)!;
  const own = new Set(gathered);
  const readers = Map.groupBy(
    judges,
    (judge) => Object.values(judge.inputs).find((input) => own.has(input)),
  );
  const fails = (what: string, place: Place): never => {
    throw new Complaint(
      `\`${port}\` of stage \`${request.name}\` names \`${by.stage}\`, ${what}`,
      `\`${by.stage}\` has to read \`${from.stage}\`, once for each of its points`,
      { place },
    );
  };
  if (readers.has(undefined)) fails(`which does not read \`${from.stage}\``, by.place);
  return (point) => {
    const [judge, second] = readers.get(point) ?? [];
    if (judge === undefined) return fails(`which does not read ${labelOf(point)}`, by.place);
    if (second !== undefined) {
      fails(`which reads ${labelOf(point)} at several points of its own`, by.place);
    }
    return judge;
  };
}

function unequal(
  { name, inputs }: StageRequest,
  port: string,
  { group, missing }: { readonly group: readonly GraphPoint[]; readonly missing: Candidate },
): Complaint {
  const { stage, place } = inputs[port]!;
  return new Complaint(
    `stage \`${name}\` has fewer points to choose from for some variants: \`${stage}\` has ` +
      `${labelOf(group[0]!)}, but no such point with ${pointText(missing)}`,
    `give every variant of \`${stage}\` the same points, so that all have the same budget`,
    { place },
  );
}
