/** Checks the stages of an experiment against their definitions: `use`, ports, parameters, matrix. */
import { resolve } from "node:path";
import { getDotPath, safeParse } from "valibot";
import type { BaseIssue, GenericSchema } from "valibot";
import type { Canonical } from "./canonical.ts";
import { Complaint, nearest, type Place } from "./complaint.ts";
import type { Experiment, Located, StageText } from "./experiment.ts";
import type { Scalar, StageDefinition } from "./stage.ts";

/** A stage of the experiment whose own words are right; its references are not resolved yet. */
export interface StageRequest {
  readonly name: string;
  readonly place: Place;
  readonly definition: StageDefinition;
  /** Port -> the stage named there. */
  readonly inputs: Readonly<Record<string, { readonly stage: string; readonly place: Place }>>;
  /** Names of the axes of its own matrix, in the order of the file. */
  readonly axes: readonly string[];
  /** One per point of its own matrix (one in all without a matrix), last axis fastest. */
  readonly variants: readonly Variant[];
}

export interface Variant {
  readonly point: Readonly<Record<string, Scalar>>;
  /** After defaults. */
  readonly parameters: Readonly<Record<string, Canonical>>;
}

/** @param complaints takes what is wrong; stages with mistakes are left out of the result */
export function checkStages(
  experiment: Experiment,
  catalogue: readonly StageDefinition[],
  complaints: Complaint[],
): StageRequest[] {
  const definitions = new Map(catalogue.map((definition) => [definition.name, definition]));
  return experiment.stages.flatMap((stage) => {
    const definition = definitions.get(String(stage.use.value));
    if (definition !== undefined) return checkStage(stage, definition, experiment, complaints);
    const meant = nearest(String(stage.use.value), definitions.keys());
    complaints.push(
      new Complaint(
        `stage \`${stage.name}\` uses \`${stage.use.value}\`, which is no stage`,
        meant === undefined
          ? `the stages are ${listed(definitions.keys())}`
          : `did you mean \`${meant}\`?`,
        { place: stage.use.place },
      ),
    );
    return [];
  });
}

/** The parameters a schema names. Schemas of stages are strict objects, piped or not. */
export function parameterNames(schema: GenericSchema): string[] {
  return Object.keys((schema as unknown as { entries?: object }).entries ?? {});
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
  checkKeys(stage, definition, complaints);
  const inputs = Object.fromEntries(ports.flatMap((port) => {
    const reference = readReference(stage, definition, port, complaints);
    return reference === undefined ? [] : [[port, reference]];
  }));
  if (complaints.length > before) return [];

  const settings = new Map([...stage.settings].filter(([name]) => !ports.includes(name)));
  if (parameters.includes("seed") && !settings.has("seed") && !stage.axes.has("seed")) {
    if (experiment.seed !== undefined) settings.set("seed", experiment.seed);
  }
  const variants = points(stage.axes).map((point) => ({
    point,
    parameters: validate(stage, definition, settings, point, complaints),
  }));
  if (complaints.length > before) return [];
  const axes = [...stage.axes.keys()];
  return [{ name: stage.name, place: stage.place, definition, inputs, axes, variants }];
}

function checkKeys(stage: StageText, definition: StageDefinition, complaints: Complaint[]): void {
  const ports = Object.keys(definition.inputs);
  const parameters = parameterNames(definition.parameters);
  const own = [...ports, ...parameters];
  for (const [key, { keyPlace }] of stage.settings) {
    if (own.includes(key)) {
      if (!stage.axes.has(key)) continue;
      const what = `stage \`${stage.name}\` gives \`${key}\` both plainly and in its matrix`;
      complaints.push(new Complaint(what, "keep one of the two", { place: keyPlace }));
      continue;
    }
    const meant = nearest(key, [...own, "use", "matrix"]);
    complaints.push(
      new Complaint(
        `stage \`${stage.name}\` (${definition.name}) has no parameter \`${key}\``,
        meant !== undefined
          ? `did you mean \`${meant}\`?`
          : own.length === 0
          ? "remove it; this stage has no parameters"
          : `it has ${listed(own)}`,
        { place: keyPlace },
      ),
    );
  }
  for (const [axis, { keyPlace }] of stage.axes) {
    if (parameters.includes(axis)) continue;
    const meant = nearest(axis, parameters);
    complaints.push(
      new Complaint(
        ports.includes(axis)
          ? `\`${axis}\` of stage \`${stage.name}\` names an input and cannot be in its matrix`
          : `stage \`${stage.name}\` (${definition.name}) has no parameter \`${axis}\` to vary`,
        meant === undefined
          ? `its parameters are ${listed(parameters)}`
          : `did you mean \`${meant}\`?`,
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
        ? `stage \`${stage.name}\` (${definition.name}) does not say what it reads as \`${port}\``
        : `\`${port}\` of stage \`${stage.name}\` is not the name of a stage`,
      `write \`${port}:\` and the name of a stage (${definition.inputs[port]!.summary})`,
      { place: given?.place ?? stage.place },
    ),
  );
  return undefined;
}

/** Every combination of the axes' values. */
function points(axes: ReadonlyMap<string, Located>): Record<string, Scalar>[] {
  let found: Record<string, Scalar>[] = [{}];
  for (const [axis, { value }] of axes) {
    found = found.flatMap((point) =>
      (value as Scalar[]).map((item) => ({ ...point, [axis]: item }))
    );
  }
  return found;
}

function validate(
  stage: StageText,
  definition: StageDefinition,
  settings: ReadonlyMap<string, Located>,
  point: Record<string, Scalar>,
  complaints: Complaint[],
): Record<string, Canonical> {
  const plain = Object.fromEntries([...settings].map(([name, { value }]) => [name, value]));
  const result = safeParse(definition.parameters, { ...plain, ...point });
  if (result.success) {
    const parameters = result.output as Record<string, Canonical>;
    return withAbsolutePaths(parameters, stage, definition, settings);
  }
  for (const issue of result.issues) {
    complaints.push(complaintOf(issue, stage, definition, settings));
  }
  return {};
}

/** Paths as the user wrote them -> absolute ones. */
function withAbsolutePaths(
  parameters: Record<string, Canonical>,
  { axes }: StageText,
  { paths = [] }: StageDefinition,
  settings: ReadonlyMap<string, Located>,
): Record<string, Canonical> {
  const absolute = paths.flatMap((name) => {
    const written = parameters[name];
    const { base = "." } = axes.get(name) ?? settings.get(name) ?? {};
    return typeof written === "string" ? [[name, resolve(base, written)] as const] : [];
  });
  return { ...parameters, ...Object.fromEntries(absolute) };
}

function complaintOf(
  issue: BaseIssue<unknown>,
  stage: StageText,
  definition: StageDefinition,
  settings: ReadonlyMap<string, Located>,
): Complaint {
  const path = (issue.path ?? []).map(({ key }) => key as string | number);
  const [name, ...inner] = path as [string, ...(string | number)[]];
  const axis = stage.axes.get(name);
  const place = axis !== undefined
    ? axis.at([(axis.value as unknown[]).indexOf(issue.input)])
    : settings.get(name)?.at(inner) ?? stage.place;
  if (issue.input === undefined) {
    return new Complaint(
      `stage \`${stage.name}\` (${definition.name}) needs a \`${getDotPath(issue)}\``,
      name === "seed"
        ? "write `seed: 42` at the top of the experiment, or in this stage"
        : `write \`${name}:\` and ${expected(issue)} in this stage`,
      { place },
    );
  }
  return new Complaint(
    `\`${getDotPath(issue) ?? name}\` of stage \`${stage.name}\` is ${
      JSON.stringify(issue.input) ?? String(issue.input)
    }`,
    `give ${expected(issue)}`,
    { place },
  );
}

/** What a schema wants, in words: `"none" or "singular"`, `a number of at least 1`. */
function expected(issue: BaseIssue<unknown>): string {
  const wanted = issue.expected;
  const requirement = (issue as { requirement?: unknown }).requirement;
  switch (issue.type) {
    case "integer":
    case "safe_integer":
      return "a whole number";
    case "min_value":
      return `a value of at least ${requirement}`;
    case "max_value":
      return `a value of at most ${requirement}`;
    case "gt_value":
      return `a value above ${requirement}`;
    case "lt_value":
      return `a value below ${requirement}`;
    case "non_empty":
      return "a text that is not empty";
    case "number":
      return "a number";
    case "string":
      return "a text";
    case "boolean":
      return "true or false";
    case "picklist":
    case "literal":
    case "union":
    case "variant":
      return (wanted ?? "").replace(/^\(|\)$/g, "").replaceAll(" | ", " or ");
    case "min_length":
      return issue.message.startsWith("Invalid") ? "a longer list or text" : issue.message;
    default:
      return issue.message.startsWith("Invalid") ? `${wanted ?? issue.message}` : issue.message;
  }
}

function listed(names: Iterable<string>): string {
  return [...names].map((name) => `\`${name}\``).join(", ");
}
