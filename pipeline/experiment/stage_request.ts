/** Checks the stages of an experiment against their kinds: `use`, input ports, parameters, matrix. */
import { Complaint, ComplaintList, didYouMean, enough, type Place } from "../contract/complaint.ts";
import type { Experiment, StageText } from "./experiment.ts";
import type { LocatedValue } from "./located_value.ts";
import { clipped, listed } from "./shown_value.ts";
import type { Resources, Scalar, StageDefinition } from "../contract/stage.ts";
import { asSchemaExpects, checkParameters, parameterNames } from "./stage_parameters.ts";
import { readResources } from "./stage_resources.ts";
import { type SweepPoint, sweepPoints } from "./sweep.ts";
import { distinctVariants, unusedNotes, type Variant } from "./unused_parameters.ts";

/** A stage of the experiment whose own settings are valid; its references are not resolved yet. */
export interface StageRequest {
  readonly name: string;
  readonly place: Place;
  readonly definition: StageDefinition;
  /** Port -> the stage that it names. */
  readonly inputs: Readonly<Record<string, { readonly stage: string; readonly place: Place }>>;
  /** Names of the axes of its own matrix, in the order of the file. */
  readonly axes: readonly string[];
  /** Axes of its matrix that the command line pins to one value. */
  readonly pinned: readonly string[];
  /**
   * One per point of its own matrix, last axis fastest; exactly one without a matrix. Points that differ
   * only in parameters without effect are one.
   */
  readonly variants: readonly Variant[];
  /** Resources that the experiment sets for a run of it. */
  readonly resources: Partial<Resources>;
  /** Parameters that the experiment sets, with their places. */
  readonly settings: ReadonlyMap<string, LocatedValue>;
  /** Parameter -> where the experiment sets it, or its axis. */
  readonly places: ReadonlyMap<string, Place>;
  /** Sentences about parameters without effect. */
  readonly notes: readonly string[];
}

/** @param complaints receives all errors; the result omits stages with errors */
export function checkStages(
  experiment: Experiment,
  catalogue: readonly StageDefinition[],
  complaints: Complaint[],
): StageRequest[] {
  const definitions = new Map(catalogue.map((definition) => [definition.name, definition]));
  return experiment.stages.flatMap((stage) => {
    if (enough(complaints)) return [];
    const definition = definitions.get(String(stage.use.value));
    if (definition !== undefined) return checkStage(stage, definition, experiment, complaints);
    const use = String(stage.use.value);
    complaints.push(
      new Complaint(
        `stage \`${stage.name}\` uses \`${clipped(use)}\`, which is not a known stage`,
        didYouMean(use, definitions.keys()) ?? `known stages are ${listed(definitions.keys())}`,
        { place: stage.use.place },
      ),
    );
    return [];
  });
}

function checkStage(
  stage: StageText,
  definition: StageDefinition,
  experiment: Experiment,
  complaints: Complaint[],
): StageRequest[] {
  const before = complaints.length;
  const ports = Object.keys(definition.inputs);
  const parameters = parameterNames(definition.parameters);
  checkNames(stage, definition, complaints);
  const inputs = Object.fromEntries(ports.flatMap((port) => {
    const reference = readReference(stage, definition, port, complaints);
    return reference === undefined ? [] : [[port, reference]];
  }));
  if (complaints.length > before) return [];

  const settings = new Map(
    [...stage.settings].filter(([name]) => !ports.includes(name) && name !== "resources"),
  );
  const resources = readResources(stage.name, stage.settings.get("resources"), complaints);
  if (parameters.includes("seed") && !settings.has("seed") && !stage.matrix.axes.has("seed")) {
    if (experiment.seed !== undefined) settings.set("seed", experiment.seed);
  }
  const swept = sweptPoints(stage, definition, settings, complaints);
  const combinations: Parameters<typeof distinctVariants>[0][number][] = [];
  for (const { point, more } of swept) {
    if (enough(complaints)) break;
    const own = more.size === 0 ? settings : new Map([...settings, ...more]);
    const checked = checkParameters({ stage, definition, settings: own, point }, complaints);
    combinations.push({ point, ...checked });
  }
  if (complaints.length > before) return [];
  const [axes, pinned] = [false, true].map((isSet) =>
    [...stage.matrix.axes.keys()].filter((axis) => settings.has(axis) === isSet)
  ) as [string[], string[]];
  const { name, place } = stage;
  const variants = distinctVariants(combinations);
  const written = [stage.settings, stage.matrix.axes].flatMap((each) => [...each.keys()]);
  const notes = unusedNotes(variants, new Set(written)).map((note) => `${name}: ${note}`);
  const places = new Map(
    [...stage.matrix.axes, ...stage.settings].map(([name, { place }]) => [name, place] as const),
  );
  return [{
    ...{ name, place, places, definition, inputs, axes, pinned, variants, resources, settings },
    notes,
  }];
}

/** Without a matrix there is one point, which has no values. */
function sweptPoints(
  stage: StageText,
  definition: StageDefinition,
  settings: ReadonlyMap<string, LocatedValue>,
  complaints: Complaint[],
): SweepPoint[] {
  const { matrix } = stage;
  if (matrix.axes.size === 0) return [{ point: {}, more: new Map() }];
  const typed = [...matrix.axes].map(([axis, values]) =>
    [axis, asSchemaExpects(definition, axis, settings.get(axis) ?? values)] as const
  );
  const pinned = (axis: string) => settings.has(axis);
  try {
    return sweepPoints({
      ...matrix,
      stage: stage.name,
      place: stage.place,
      axes: new Map(
        typed.filter(([axis]) => !pinned(axis)).map(([axis, value]) => [axis, value as Scalar[]]),
      ),
      pinned: new Map(
        typed.filter(([axis]) => pinned(axis)).map(([axis, value]) => [axis, value as Scalar]),
      ),
    });
  } catch (error) {
    if (!(error instanceof Complaint || error instanceof ComplaintList)) throw error;
    complaints.push(...error instanceof Complaint ? [error] : error.complaints);
    return [];
  }
}

function checkNames(stage: StageText, definition: StageDefinition, complaints: Complaint[]): void {
  const ports = Object.keys(definition.inputs);
  const parameters = parameterNames(definition.parameters);
  const own = [...ports, ...parameters];
  const { axes, include } = stage.matrix;
  for (const [key, { keyPlace, written }] of stage.settings) {
    if (enough(complaints)) return;
    if (key === "resources") continue;
    if (own.includes(key)) {
      // The command line may pin an axis to one value.
      if (!axes.has(key) || written !== undefined) continue;
      const what = `stage \`${stage.name}\` sets \`${key}\` both directly and in its matrix`;
      complaints.push(new Complaint(what, "remove one of the two", { place: keyPlace }));
      continue;
    }
    complaints.push(
      new Complaint(
        `stage \`${stage.name}\` (${definition.name}) has no parameter \`${clipped(key)}\``,
        didYouMean(key, [...own, "use", "matrix", "resources"]) ??
          (own.length === 0 ? "remove it; this stage has no parameters" : `it has ${listed(own)}`),
        { place: keyPlace },
      ),
    );
  }
  const varied = [...axes, ...include.flatMap(({ values }) => [...values])];
  for (const [axis, { keyPlace }] of varied) {
    if (parameters.includes(axis)) continue;
    if (enough(complaints)) return;
    complaints.push(
      new Complaint(
        ports.includes(axis)
          ? `\`${axis}\` of stage \`${stage.name}\` is an input and cannot be varied in its matrix`
          : `stage \`${stage.name}\` (${definition.name}) has no parameter ` +
            `\`${clipped(axis)}\` to vary`,
        didYouMean(axis, parameters) ?? `its parameters are ${listed(parameters)}`,
        { place: keyPlace },
      ),
    );
  }
}

function readReference(
  stage: StageText,
  definition: StageDefinition,
  port: string,
  complaints: Complaint[],
): { stage: string; place: Place } | undefined {
  const given = stage.settings.get(port);
  if (typeof given?.value === "string") return { stage: given.value, place: given.place };
  complaints.push(
    new Complaint(
      given === undefined
        ? `stage \`${stage.name}\` (${definition.name}) needs the input \`${port}\``
        : `\`${port}\` of stage \`${stage.name}\` is not the name of a stage`,
      `write \`${port}:\` with the name of a stage (${definition.inputs[port]!.summary})`,
      { place: given?.place ?? stage.place },
    ),
  );
  return undefined;
}
