/** Reads an experiment file: what is asked, with the place of every word, not yet checked against the stages. */
import { dirname } from "node:path";
import { isMap, isSeq, type Pair, type YAMLMap } from "yaml";
import { Complaint, nearest, type Place } from "./complaint.ts";
import { throwComplaints } from "./complaint_list.ts";
import { type Environment, parseSource, type SourceText } from "./source_text.ts";
import { keyText } from "./source_nodes.ts";
import { shown } from "./shown_value.ts";
import type { Scalar } from "./stage.ts";

/** A value and where it stands; `at` leads to the parts of a list or map. */
export interface Located {
  readonly value: unknown;
  readonly keyPlace: Place;
  readonly place: Place;
  /** The folder from which relative paths in it start. */
  readonly base: string;
  at(path: readonly (string | number)[]): Place;
}

export interface StageText {
  readonly name: string;
  readonly place: Place;
  readonly use: Located;
  /** Input ports and parameters; the stage's definition tells which is which. */
  readonly settings: ReadonlyMap<string, Located>;
  /** Parameter -> list of values. */
  readonly axes: ReadonlyMap<string, Located>;
}

export interface Experiment {
  readonly file: string;
  readonly name: string;
  readonly seed: Located | undefined;
  readonly stages: readonly StageText[];
  readonly report: Report;
}

export interface Report {
  /** Axis -> value of the variant that the others are compared with. */
  readonly baseline: Readonly<Record<string, Scalar>>;
  /** Published results to stand beside ours. */
  readonly compare?: string;
}

const topKeys = ["name", "seed", "stages", "report"];

/**
 * @param text what the file holds
 * @param file its name, for messages
 * @param options.comparisons names of published results that it may be compared with
 * @throws Complaint or ComplaintList: bad YAML, unknown keys, wrong types
 */
export function readExperiment(
  text: string,
  file: string,
  environment: Environment,
  { comparisons = [] }: { readonly comparisons?: readonly string[] } = {},
): Experiment {
  const source = parseSource(text, file, environment);
  const complaints: Complaint[] = [];
  const root = source.resolve(source.root);
  if (!isMap(root)) {
    throw new Complaint(
      "the experiment is not a map of `name`, `seed` and `stages`",
      "experiments/smoke.yaml is a short example",
      { place: source.place(root) },
    );
  }
  const top = entries(root, source);
  refuseUnknownKeys(top, topKeys, "the experiment", complaints);
  const name = readName(top.get("name"), file, complaints);
  const stages = readStages(root, source, complaints);
  const report = readReport(top.get("report"), comparisons, complaints);
  refuseOddBaseline(report, top, complaints);
  throwComplaints(complaints);
  return { file, name, seed: top.get("seed"), stages, report };
}

/** The entries of a YAML map, by key. */
function entries(map: YAMLMap, source: SourceText): Map<string, Located> {
  return new Map(map.items.map((pair) => [keyText(pair.key), located(pair, source)]));
}

function located(pair: Pair, source: SourceText): Located {
  const node = source.resolve(pair.value);
  // Places are looked up when an error needs them.
  return {
    value: source.value(pair.value),
    get keyPlace() {
      return source.place(pair.key);
    },
    get place() {
      return source.place(pair.value ?? pair.key);
    },
    base: dirname(source.file),
    at(path) {
      let inner: unknown = node;
      let found = this.place;
      for (const step of path) {
        inner = isMap(inner) || isSeq(inner) ? source.resolve(inner.get(step, true)) : undefined;
        if (inner === undefined || inner === null) return found;
        found = source.place(inner);
      }
      return found;
    },
  };
}

function refuseUnknownKeys(
  found: ReadonlyMap<string, Located>,
  known: readonly string[],
  owner: string,
  complaints: Complaint[],
): void {
  for (const [key, { keyPlace }] of found) {
    if (known.includes(key)) continue;
    const meant = nearest(key, known);
    complaints.push(
      new Complaint(
        `${owner} has no key \`${key}\``,
        meant === undefined
          ? `the keys are ${known.map((each) => `\`${each}\``).join(", ")}`
          : `did you mean \`${meant}\`?`,
        { place: keyPlace },
      ),
    );
  }
}

function readName(name: Located | undefined, file: string, complaints: Complaint[]): string {
  if (typeof name?.value === "string" && /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/.test(name.value)) {
    return name.value;
  }
  complaints.push(
    new Complaint(
      name === undefined
        ? "the experiment has no name"
        : `${shown(name.value)} is no name for an experiment`,
      "write `name:` with letters, digits, `_`, `-` and `.`",
      { place: name?.place ?? { file } },
    ),
  );
  return "";
}

function readStages(root: YAMLMap, source: SourceText, complaints: Complaint[]): StageText[] {
  const stages = source.resolve(root.get("stages", true));
  if (!isMap(stages) || stages.items.length === 0) {
    complaints.push(
      new Complaint(
        stages === undefined ? "the experiment has no stages" : "`stages` is not a map of stages",
        "write `stages:` and below it lines such as `scenes: { use: make_scenes }`",
        { place: stages === undefined ? { file: source.file } : source.place(stages) },
      ),
    );
    return [];
  }
  return stages.items.flatMap((pair) => readStage(pair, source, complaints) ?? []);
}

function readStage(
  pair: Pair,
  source: SourceText,
  complaints: Complaint[],
): StageText | undefined {
  const name = keyText(pair.key);
  const place = source.place(pair.key);
  const refuse = (what: string, fix: string, where: Place) => {
    complaints.push(new Complaint(what, fix, { place: where }));
    return undefined;
  };
  if (!/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/.test(name)) {
    return refuse(
      `${shown(name)} is no name for a stage`,
      "use letters, digits, `_` and `-`, and begin with a letter",
      place,
    );
  }
  const body = source.resolve(pair.value);
  if (!isMap(body)) {
    return refuse(
      `stage \`${name}\` is not a map`,
      `write \`${name}: { use: … }\``,
      body === null || body === undefined ? place : source.place(body),
    );
  }
  const settings = entries(body, source);
  const use = settings.get("use");
  if (typeof use?.value !== "string") {
    return refuse(
      `stage \`${name}\` does not say which stage it uses`,
      `write \`use:\` and the name of a stage, as in \`${name}: { use: make_scenes }\``,
      use?.place ?? place,
    );
  }
  const axes = readMatrix(name, body, source, complaints);
  settings.delete("use");
  settings.delete("matrix");
  return { name, place, use, settings, axes };
}

function readMatrix(
  stage: string,
  body: YAMLMap,
  source: SourceText,
  complaints: Complaint[],
): Map<string, Located> {
  const matrix = source.resolve(body.get("matrix", true));
  if (matrix === undefined) return new Map();
  if (!isMap(matrix)) {
    complaints.push(
      new Complaint(
        `\`matrix\` of stage \`${stage}\` is not a map of lists`,
        "write `matrix: { seed: [1, 2, 3] }`",
        { place: source.place(matrix) },
      ),
    );
    return new Map();
  }
  const axes = entries(matrix, source);
  for (const [axis, { value, place }] of axes) {
    complaints.push(...checkAxis(stage, axis, value, place));
  }
  return axes;
}

/** What is wrong with an axis of a matrix: it must be a list of different scalars. */
export function checkAxis(stage: string, axis: string, value: unknown, place: Place): Complaint[] {
  if (!Array.isArray(value) || value.length === 0) {
    return [
      new Complaint(
        `\`${axis}\` in the matrix of stage \`${stage}\` is not a list of values`,
        `write \`${axis}: [first, second]\``,
        { place },
      ),
    ];
  }
  const odd = value.find((item) => item !== null && typeof item === "object");
  if (odd !== undefined) {
    return [
      new Complaint(
        `\`${axis}\` in the matrix of stage \`${stage}\` holds more than plain values`,
        "list numbers, texts or true/false",
        { place },
      ),
    ];
  }
  const twice = value.find((item, index) => value.indexOf(item) !== index);
  return twice === undefined ? [] : [
    new Complaint(
      `\`${axis}\` in the matrix of stage \`${stage}\` lists ${shown(twice)} twice`,
      "list each value once",
      { place },
    ),
  ];
}

/** Each axis of the baseline is swept by some stage, and its value is one of that sweep's. */
function refuseOddBaseline(
  { baseline }: Report,
  top: ReadonlyMap<string, Located>,
  complaints: Complaint[],
): void {
  const swept = new Map<string, unknown[]>();
  for (const stage of Object.values(top.get("stages")?.value ?? {})) {
    const matrix = (stage as { matrix?: unknown } | null)?.matrix;
    for (const [axis, values] of Object.entries(matrix ?? {})) {
      swept.set(axis, [...(swept.get(axis) ?? []), ...(Array.isArray(values) ? values : [])]);
    }
  }
  for (const [axis, value] of Object.entries(baseline)) {
    const place = top.get("report")!.at(["baseline", axis]);
    const values = swept.get(axis);
    const [what, word, known] = values === undefined
      ? [`the baseline names \`${axis}\`, which no stage sweeps`, axis, [...swept.keys()]] as const
      : [
        `no stage sweeps \`${axis}\` over \`${value}\``,
        String(value),
        values.map(String),
      ] as const;
    if (values?.includes(value)) continue;
    const meant = nearest(word, known);
    const fix = meant === undefined
      ? `write one of: ${known.join(", ")}`
      : `did you mean \`${meant}\`?`;
    complaints.push(new Complaint(what, fix, { place }));
  }
}

function readReport(
  report: Located | undefined,
  comparisons: readonly string[],
  complaints: Complaint[],
): Report {
  if (report === undefined || report.value === null) return { baseline: {} };
  const refuse = (what: string, fix: string, place: Place) => {
    complaints.push(new Complaint(what, fix, { place }));
    return { baseline: {} };
  };
  if (typeof report.value !== "object" || Array.isArray(report.value)) {
    return refuse(
      "`report` is not a map",
      "write `report: { baseline: { alignment: none } }`",
      report.place,
    );
  }
  const value = report.value as Record<string, unknown>;
  const known = ["baseline", "compare"];
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const meant = nearest(key, known);
    refuse(
      `\`report\` has no key \`${key}\``,
      meant === undefined ? "the keys are `baseline`, `compare`" : `did you mean \`${meant}\`?`,
      report.at([key]),
    );
  }
  const baseline = value["baseline"] ?? {};
  if (typeof baseline !== "object" || Array.isArray(baseline)) {
    return refuse(
      "`baseline` is not a map of one value per axis",
      "write `baseline: { alignment: none }`",
      report.at(["baseline"]),
    );
  }
  const compare = value["compare"];
  if (compare !== undefined && !comparisons.includes(compare as string)) {
    const meant = nearest(String(compare), comparisons);
    refuse(
      `there are no published results named ${shown(compare)}`,
      meant !== undefined
        ? `did you mean \`${meant}\`?`
        : comparisons.length === 0
        ? "remove `compare`"
        : `there are ${comparisons.map((name) => `\`${name}\``).join(", ")}`,
      report.at(["compare"]),
    );
  }
  return {
    baseline: baseline as Record<string, Scalar>,
    ...(typeof compare === "string" && { compare }),
  };
}
