/** Checks what a stage is given against the schema of its definition. */
import { resolve } from "node:path";
import { getDotPath, safeParse } from "valibot";
import type { BaseIssue, GenericSchema } from "valibot";
import type { Canonical } from "../disk/canonical.ts";
import { Complaint, enough, nearest, type Place } from "../contract/complaint.ts";
import type { StageText } from "./experiment.ts";
import type { LocatedValue } from "./located_value.ts";
import { shown } from "./shown_value.ts";
import type { Scalar, StageDefinition } from "../contract/stage.ts";

/** The parameters a schema names. Schemas of stages are strict objects, piped or not. */
export function parameterNames(schema: GenericSchema): string[] {
  return Object.keys(entriesOf(schema));
}

function entriesOf(schema: GenericSchema): Record<string, GenericSchema> {
  return (schema as unknown as { entries?: Record<string, GenericSchema> }).entries ?? {};
}

/**
 * A value of the command line as the schema wants it: as YAML types it, or else as the text that was
 * written, so that `007` is a name where a text is wanted and a number where a number is. Of an
 * axis, each value for itself. Values of a file are what YAML says.
 */
export function asSchemaWants(
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

/** What one point of a stage is given. */
export interface Given {
  readonly stage: StageText;
  readonly definition: StageDefinition;
  readonly settings: ReadonlyMap<string, LocatedValue>;
  readonly point: Readonly<Record<string, Scalar>>;
}

/** @param complaints takes what is wrong; the result is empty then */
export function checkParameters(
  { stage, definition, settings, point }: Given,
  complaints: Complaint[],
): Record<string, Canonical> {
  const plain = Object.fromEntries(
    Array.from(settings, ([name, value]) => [name, asSchemaWants(definition, name, value)]),
  );
  const result = safeParse(definition.parameters, { ...plain, ...point });
  if (result.success) {
    const parameters = result.output as Record<string, Canonical>;
    return withAbsolutePaths(parameters, stage, definition, settings);
  }
  for (const issue of result.issues) {
    if (enough(complaints)) break;
    complaints.push(complaintOf(issue, stage, definition, settings));
  }
  return {};
}

/** Paths as the user wrote them -> absolute ones. */
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
  if (issue.input === undefined) {
    return new Complaint(
      `stage \`${stage.name}\` (${definition.name}) needs a \`${getDotPath(issue)}\``,
      name === "seed"
        ? "write `seed: 42` at the top of the experiment, or in this stage"
        : `write \`${name}:\` and ${expected(issue)} in this stage`,
      { place },
    );
  }
  if (issue.expected === "never") return unknownEntry(path, stage, definition, place);
  return new Complaint(
    `\`${getDotPath(issue) ?? name}\` of stage \`${stage.name}\` is ${shown(issue.input)}`,
    `give ${expected(issue)}`,
    { place },
  );
}

/** A key within a parameter that is a map: parameters themselves are looked at before. */
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
  const meant = nearest(key, names);
  return new Complaint(
    `\`${parameter}\` of stage \`${stage.name}\` has no \`${key}\``,
    meant !== undefined
      ? `did you mean \`${meant}\`?`
      : `what it has: ${names.map((each) => `\`${each}\``).join(", ")}`,
    { place },
  );
}

function withinOptional(schema: GenericSchema): GenericSchema {
  const { wrapped } = schema as unknown as { wrapped?: GenericSchema };
  return wrapped === undefined ? schema : withinOptional(wrapped);
}

/** Where the value of an axis is written: in its list, or in `include`. */
function placeInMatrix({ matrix, place }: StageText, name: string, value: unknown): Place {
  const axis = matrix.axes.get(name);
  const index = (axis?.value as unknown[] | undefined)?.indexOf(value) ?? -1;
  const entry = matrix.include.find(({ values }) => values.get(name)?.value === value);
  if (matrix.crossed && axis !== undefined && index >= 0) return axis.at([index]);
  return entry?.values.get(name)?.place ?? axis?.place ?? place;
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
    case "multiple_of":
      return `a multiple of ${requirement}`;
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
