/** Checks stages before they run: what one would refuse is an error in the request. */
import { Complaint } from "../contract/complaint.ts";
import type { Check, Checked } from "../contract/stage.ts";
import type { GraphNode } from "../experiment/stage_graph.ts";
import { outsidePaths, partsOf } from "../key/outside_files.ts";

export interface Checking {
  /** Kind of stage -> its check. */
  readonly checks: Readonly<Record<string, Check>>;
  /** The folder of fetched packages. */
  readonly cache: string;
}

/**
 * Errors in the requests of some nodes, by label.
 *
 * @param nodes inputs first, with all that the wanted ones read
 * @param wanted labels; nothing is said of the others
 */
export async function requestErrors(
  nodes: readonly GraphNode[],
  wanted: ReadonlySet<string>,
  checking: Checking,
): Promise<Map<string, Complaint[]>> {
  const needed = new Set(wanted);
  for (const { label, inputs } of nodes.toReversed()) {
    if (needed.has(label)) { for (const input of Object.values(inputs)) needed.add(input); }
  }
  const known = new Map<string, Checked>();
  const errors = new Map<string, Complaint[]>();
  for (const node of nodes.filter(({ label }) => needed.has(label))) {
    const found = await checkNode(node, known, checking);
    if (found.length > 0 && wanted.has(node.label)) errors.set(node.label, found);
  }
  return errors;
}

/** @param known by label; receives what the check knows */
async function checkNode(
  node: GraphNode,
  known: Map<string, Checked>,
  { checks, cache }: Checking,
): Promise<Complaint[]> {
  const { definition, stage, parameters, inputs, outside, place, places } = node;
  const check = checks[definition.name];
  if (check === undefined || outside.some((file) => partsOf(file) === undefined)) return [];
  try {
    const checked = await check({
      parameters,
      files: outsidePaths(node, cache),
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([port, label]) => [port, known.get(label)?.facts]),
      ),
    });
    known.set(node.label, checked);
    return checked.problems.map(({ parameter, what, fix }) =>
      new Complaint(`stage \`${stage}\` cannot run: ${what}`, fix, {
        place: places.get(parameter) ?? place,
      })
    );
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    const { what, fix, options } = error;
    return [
      new Complaint(`stage \`${stage}\` cannot run: ${what}`, fix, {
        place,
        ...options,
        exitCode: 2,
        cause: error,
      }),
    ];
  }
}
