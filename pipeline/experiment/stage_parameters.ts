/** Checks the parameters of a stage against the schema of its kind. */
import { resolve } from "node:path";
import { getDotPath, parse, safeParse } from "valibot";
import type { BaseIssue, GenericSchema } from "valibot";
import type { Canonical } from "../disk/canonical.ts";
import { Complaint, didYouMean, enough, type Place } from "../contract/complaint.ts";
import type { StageText } from "./experiment.ts";
import type { LocatedValue } from "./located_value.ts";
import { type UnusedParameters, unusedParameters } from "./unused_parameters.ts";
import { shown } from "./shown_value.ts";
import type { Scalar, StageDefinition } from "../contract/stage.ts";

/** Names of the parameters in a schema. Stage schemas are strict objects, with or without a pipe. */
export function parameterNames(schema: GenericSchema): string[] {
  return Object.keys(entriesOf(schema));
}

function entriesOf(schema: GenericSchema): Record<string, GenericSchema> {
  return (schema as unknown as { entries?: Record<string, GenericSchema> }).entries ?? {};
}

/**
 * A value from the command line as the schema expects it: as YAML types it, or else the original
 * text, so that `007` is a name where a text is expected and a number where a number is. For an axis,
 * each value is decided separately. Values from a file are always as YAML types them.
 */
export function asSchemaExpects(
  { parameters }: StageDefinition,
  name: string,
  { value, written }: LocatedValue,
): unknown {
  const schema = Object.hasOwn(entriesOf(parameters), name)
    ? entriesOf(parameters)[name]
    : undefined;
  if (written === undefined || schema === undefined) return value;
  const fits = (candidate: unknown) => safeParse(schema, candidate).success;
  if (fits(value)) return value;
  if (fits(written)) return written;
  if (!Array.isArray(value) || !Array.isArray(written)) return value;
  return value.map((item, index) => fits(item) || !fits(written[index]) ? item : written[index]);
}

/** The settings for one point of a stage. */
export interface PointSettings {
  readonly stage: StageText;
  readonly definition: StageDefinition;
  readonly settings: ReadonlyMap<string, LocatedValue>;
  readonly point: Readonly<Record<string, Scalar>>;
}

export interface CheckedParameters {
  /** With defaults filled in, also for parameters without effect; one that has no default is left out. */
  readonly parameters: Record<string, Canonical>;
  readonly unused: UnusedParameters;
}

/** @param complaints receives all errors; the result is empty if there are any */
export function checkParameters(
  { stage, definition, settings, point }: PointSettings,
  complaints: Complaint[],
): CheckedParameters {
  const plain = Object.fromEntries(
    Array.from(settings, ([name, value]) => [name, asSchemaExpects(definition, name, value)]),
  );
  const given = { ...plain, ...point };
  const result = safeParse(definition.parameters, given);
  if (result.success) {
    const written = result.output as Record<string, Canonical>;
    const unused = unusedParameters(definition, written);
    const parameters = unused.size === 0 ? written : withDefaults(definition, given, unused);
    return { parameters: withAbsolutePaths(parameters, stage, definition, settings), unused };
  }
  for (const issue of result.issues) {
    if (enough(complaints)) break;
    complaints.push(complaintOf(issue, stage, definition, settings));
  }
  return { parameters: {}, unused: new Map() };
}

/** The parameters with defaults instead of what was given for those without effect. */
function withDefaults(
  { parameters: schema }: StageDefinition,
  given: Readonly<Record<string, unknown>>,
  unused: UnusedParameters,
): Record<string, Canonical> {
  const entries = entriesOf(schema);
  const [optional, required] = [true, false].map((isOptional) =>
    [...unused.keys()].filter((name) => safeParse(entries[name]!, undefined).success === isOptional)
  );
  const without = (all: Readonly<Record<string, unknown>>, names: readonly string[]) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));
  const parsed = parse(schema, without(given, optional!)) as Record<string, Canonical>;
  return without(parsed, required!) as Record<string, Canonical>;
}

/** Makes the paths that the user wrote absolute. */
function withAbsolutePaths(
  parameters: Record<string, Canonical>,
  { matrix: { axes } }: StageText,
  { paths = [] }: StageDefinition,
  settings: ReadonlyMap<string, LocatedValue>,
): Record<string, Canonical> {
  const absolute = paths.flatMap((name) => {
    const written = parameters[name];
    const { base = "." } = settings.get(name) ?? axes.get(name) ?? {};
    return typeof written === "string" ? [[name, resolve(base, written)] as const] : [];
  });
  return { ...parameters, ...Object.fromEntries(absolute) };
}

function complaintOf(
  issue: BaseIssue<unknown>,
  stage: StageText,
  definition: StageDefinition,
  settings: ReadonlyMap<string, LocatedValue>,
): Complaint {
  const path = (issue.path ?? []).map(({ key }) => key as string | number);
  const [name, ...inner] = path as [string, ...(string | number)[]];
  const place = settings.get(name)?.at(inner) ?? placeInMatrix(stage, name, issue.input);
  // Checks of parameters against each other word the fix themselves.
  const fix = issue.type === "raw_check" ? issue.message : undefined;
  if (issue.input === undefined) {
    return new Complaint(
      `stage \`${stage.name}\` (${definition.name}) needs the parameter \`${getDotPath(issue)}\``,
      fix ??
        (name === "seed"
          ? "write `seed: 42` at the top of the experiment, or in this stage"
          : `write \`${name}:\` with ${expected(issue)} in this stage`),
      { place },
    );
  }
  if (issue.expected === "never") return unknownEntry(path, stage, definition, place);
  return new Complaint(
    `\`${getDotPath(issue) ?? name}\` of stage \`${stage.name}\` is ${shown(issue.input)}`,
    fix ?? `use ${expected(issue)}`,
    { place },
  );
}

/** An unknown key in a parameter that is a map; unknown parameters are found earlier. */
function unknownEntry(
  path: readonly (string | number)[],
  stage: StageText,
  definition: StageDefinition,
  place: Place,
): Complaint {
  const [parameter, key] = [path.slice(0, -1).join("."), String(path.at(-1))];
  const known = path.slice(0, -1).reduce<GenericSchema>(
    (schema, name) => withinOptional(entriesOf(schema)[name] ?? schema),
    definition.parameters,
  );
  const names = parameterNames(known);
  return new Complaint(
    `\`${parameter}\` of stage \`${stage.name}\` has no key \`${key}\``,
    didYouMean(key, names) ?? `its keys are ${names.map((each) => `\`${each}\``).join(", ")}`,
    { place },
  );
}

function withinOptional(schema: GenericSchema): GenericSchema {
  const { wrapped } = schema as unknown as { wrapped?: GenericSchema };
  return wrapped === undefined ? schema : withinOptional(wrapped);
}

/** Position of the value of an axis: in its list, or in `include`. */
function placeInMatrix({ matrix, place }: StageText, name: string, value: unknown): Place {
  const axis = matrix.axes.get(name);
  const index = (axis?.value as unknown[] | undefined)?.indexOf(value) ?? -1;
  const entry = matrix.include.find(({ values }) => values.get(name)?.value === value);
  if (matrix.crossed && axis !== undefined && index >= 0) return axis.at([index]);
  return entry?.values.get(name)?.place ?? axis?.place ?? place;
}

/** What a schema expects, in words: `"none" or "singular"`, `a value of at least 1`. */
function expected(issue: BaseIssue<unknown>): string {
  const { expected: type } = issue;
  const requirement = (issue as { requirement?: unknown }).requirement;
  switch (issue.type) {
    case "integer":
    case "safe_integer":
      return "an integer";
    case "min_value":
      return `a value of at least ${requirement}`;
    case "max_value":
      return `a value of at most ${requirement}`;
    case "multiple_of":
      return `a multiple of ${requirement}`;
    case "gt_value":
      return `a value above ${requirement}`;
    case "lt_value":
      return `a value below ${requirement}`;
    case "non_empty":
      return "a non-empty text";
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
      return (type ?? "").replace(/^\(|\)$/g, "").replaceAll(" | ", " or ");
    case "min_length":
      return issue.message.startsWith("Invalid") ? "a longer list or text" : issue.message;
    default:
      return issue.message.startsWith("Invalid") ? `${type ?? issue.message}` : issue.message;
  }
}
