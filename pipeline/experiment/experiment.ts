/** Reads an experiment file with the position of every value. Checks against stage definitions come later. */
import { isMap, type Pair, type YAMLMap } from "yaml";
import {
  Complaint,
  didYouMean,
  enough,
  type Place,
  throwComplaints,
} from "../contract/complaint.ts";
import { entries, type LocatedValue } from "./located_value.ts";
import { type Matrix, readMatrix } from "./matrix.ts";
import { readThreads } from "./thread_count.ts";
import { type Environment, parseSource, type SourceText } from "./yaml_text.ts";
import { keyText } from "./yaml_nodes.ts";
import { clipped, listed, shown } from "./shown_value.ts";
import type { Scalar } from "../contract/stage.ts";

export interface StageText {
  readonly name: string;
  readonly place: Place;
  readonly use: LocatedValue;
  /** Input ports and parameters; the stage's definition distinguishes them. */
  readonly settings: ReadonlyMap<string, LocatedValue>;
  readonly matrix: Matrix;
}

export interface Experiment {
  readonly file: string;
  readonly name: string;
  readonly seed: LocatedValue | undefined;
  /** Threads of each computing stage, unless the command line says otherwise. */
  readonly threads: number | undefined;
  readonly stages: readonly StageText[];
  readonly report: Report;
}

export interface Report {
  /** Axis -> value of the variant that all others are compared with. */
  readonly baseline: Readonly<Record<string, Scalar>>;
  /** Name of the published results that ours are compared with. */
  readonly compare?: string;
}

const topKeys = ["name", "seed", "threads", "stages", "report"];

/**
 * @param text content of the file
 * @param file its name, for messages
 * @param options.comparisons names of published results that it may be compared with
 * @throws Complaint or ComplaintList about bad YAML, unknown keys or wrong types
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
  checkKeys(top, topKeys, "the experiment", complaints);
  const name = readName(top.get("name"), file, complaints);
  const threads = readThreads(top.get("threads"), complaints);
  const before = complaints.length;
  const stages = readStages(root, source, complaints);
  const stagesAreValid = complaints.length === before;
  const report = readReport(top.get("report"), comparisons, complaints);
  if (stagesAreValid) checkBaseline(report, stages, top, complaints);
  throwComplaints(complaints);
  return { file, name, seed: top.get("seed"), threads, stages, report };
}

function checkKeys(
  found: ReadonlyMap<string, LocatedValue>,
  known: readonly string[],
  owner: string,
  complaints: Complaint[],
): void {
  for (const [key, { keyPlace }] of found) {
    if (known.includes(key)) continue;
    if (enough(complaints)) return;
    complaints.push(
      new Complaint(
        `${owner} has no key \`${clipped(key)}\``,
        didYouMean(key, known) ?? `the keys are ${listed(known)}`,
        { place: keyPlace },
      ),
    );
  }
}

function readName(name: LocatedValue | undefined, file: string, complaints: Complaint[]): string {
  if (typeof name?.value === "string" && /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/.test(name.value)) {
    return name.value;
  }
  complaints.push(
    new Complaint(
      name === undefined
        ? "the experiment has no name"
        : `${shown(name.value)} is not a valid name for an experiment`,
      "use letters, digits, `_`, `-` and `.`, as in `name: my_experiment`",
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
        "write `stages:` followed by lines such as `scenes: { use: make_scenes }`",
        { place: stages === undefined ? { file: source.file } : source.place(stages) },
      ),
    );
    return [];
  }
  return stages.items.flatMap((pair) =>
    enough(complaints) ? [] : readStage(pair, source, complaints) ?? []
  );
}

function readStage(
  pair: Pair,
  source: SourceText,
  complaints: Complaint[],
): StageText | undefined {
  const name = keyText(pair.key);
  const place = source.place(pair.key);
  const fail = (what: string, fix: string, where: Place) => {
    complaints.push(new Complaint(what, fix, { place: where }));
    return undefined;
  };
  if (!/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/.test(name)) {
    return fail(
      `${shown(name)} is not a valid name for a stage`,
      "use letters, digits, `_` and `-`, starting with a letter or `_`",
      place,
    );
  }
  const body = source.resolve(pair.value);
  if (!isMap(body)) {
    return fail(
      `stage \`${name}\` is not a map`,
      `write \`${name}: { use: … }\``,
      body === null || body === undefined ? place : source.place(body),
    );
  }
  const settings = entries(body, source);
  const use = settings.get("use");
  if (typeof use?.value !== "string") {
    return fail(
      `stage \`${name}\` has no \`use\``,
      `name a kind of stage, as in \`${name}: { use: make_scenes }\``,
      use?.place ?? place,
    );
  }
  const matrix = readMatrix(name, body, source, complaints);
  settings.delete("use");
  settings.delete("matrix");
  return { name, place, use, settings, matrix };
}

/** Each axis of the baseline must be swept by some stage, and its value must be part of that sweep. */
function checkBaseline(
  { baseline }: Report,
  stages: readonly StageText[],
  top: ReadonlyMap<string, LocatedValue>,
  complaints: Complaint[],
): void {
  const swept = new Map<string, Set<unknown>>();
  const add = (axis: string, value: unknown) => {
    const values = swept.get(axis);
    if (values === undefined) swept.set(axis, new Set([value]));
    else values.add(value);
  };
  for (const { matrix: { axes, include } } of stages) {
    for (const [axis, { value }] of axes) for (const item of value as unknown[]) add(axis, item);
    for (const { values } of include) {
      for (const [axis, { value }] of values) if (axes.has(axis)) add(axis, value);
    }
  }
  for (const [axis, value] of Object.entries(baseline)) {
    const values = swept.get(axis);
    if (values?.has(value)) continue;
    if (enough(complaints)) return;
    const place = top.get("report")!.at(["baseline", axis]);
    const word = typeof value === "string" ? value : shown(value);
    const [what, known] = values === undefined
      ? [`the baseline names \`${clipped(axis)}\`, which no stage sweeps`, swept.keys()] as const
      : [`no stage sweeps \`${axis}\` over \`${clipped(word)}\``, values] as const;
    const names = Array.from(known, String);
    const fix = didYouMean(values === undefined ? axis : word, names) ??
      (names.length === 0 ? "remove it: no stage has a matrix" : `use one of ${listed(names)}`);
    complaints.push(new Complaint(what, fix, { place }));
  }
}

function readReport(
  report: LocatedValue | undefined,
  comparisons: readonly string[],
  complaints: Complaint[],
): Report {
  if (report === undefined || report.value === null) return { baseline: {} };
  const fail = (what: string, fix: string, place: Place) => {
    complaints.push(new Complaint(what, fix, { place }));
    return { baseline: {} };
  };
  if (typeof report.value !== "object" || Array.isArray(report.value)) {
    return fail(
      "`report` is not a map",
      "write `report: { baseline: { alignment: none } }`",
      report.place,
    );
  }
  const value = report.value as Record<string, unknown>;
  const known = ["baseline", "compare"];
  for (const key of Object.keys(value)) {
    if (known.includes(key) || enough(complaints)) continue;
    fail(
      `\`report\` has no key \`${clipped(key)}\``,
      didYouMean(key, known) ?? `the keys are ${listed(known)}`,
      report.at([key]),
    );
  }
  const baseline = value["baseline"] ?? {};
  if (typeof baseline !== "object" || Array.isArray(baseline)) {
    return fail(
      "`baseline` is not a map of one value per axis",
      "write `baseline: { alignment: none }`",
      report.at(["baseline"]),
    );
  }
  const compare = value["compare"];
  if (compare !== undefined && !comparisons.includes(compare as string)) {
    const suggestion = typeof compare === "string" ? didYouMean(compare, comparisons) : undefined;
    fail(
      `there are no published results named ${shown(compare)}`,
      suggestion ??
        (comparisons.length === 0 ? "remove `compare`" : `there are ${listed(comparisons)}`),
      report.at(["compare"]),
    );
  }
  return {
    baseline: baseline as Record<string, Scalar>,
    ...(typeof compare === "string" && { compare }),
  };
}
