/** `--set stage.parameter=value`: changes to an experiment from the command line. */
import { Complaint, nearest, type Place, throwComplaints } from "../contract/complaint.ts";
import type { Experiment, StageText } from "./experiment.ts";
import type { LocatedValue } from "./located_value.ts";
import { axisValues } from "./matrix.ts";
import { listed } from "./shown_value.ts";
import { readThreads } from "./thread_count.ts";
import { parseValue } from "./yaml_text.ts";

/**
 * The experiment with the changes applied in order. Values are parsed as YAML, but stay the text
 * itself where the stage expects a text. For an axis of a matrix, a list or a range replaces its
 * values, and a plain value pins it.
 *
 * @param changes texts such as `tuned.steps=50`, `tuned.alignment=[none, singular]`, `seed=7`,
 *   `threads=1`
 */
export function overrideExperiment(
  experiment: Experiment,
  changes: readonly string[],
): Experiment {
  return changes.reduce(overrideOnce, experiment);
}

function overrideOnce(experiment: Experiment, change: string): Experiment {
  const place = { file: `--set ${change}` };
  const [, target, text] = /^([^=]*)=(.*)$/s.exec(change) ?? [];
  if (target === undefined || text === undefined) {
    throw new Complaint(
      `\`${change}\` has no \`=\``,
      "write `--set stage.parameter=value`, as in `--set tuned.steps=50`",
      { place },
    );
  }
  const value = locatedValue(text, place);
  if (target === "seed") return { ...experiment, seed: value };
  if (target === "threads") {
    const complaints: Complaint[] = [];
    const threads = readThreads(value, complaints);
    throwComplaints(complaints);
    return { ...experiment, threads };
  }
  const [, stageName, parameter] = /^([^.]+)\.([^.]+)$/.exec(target) ?? [];
  if (stageName === undefined || parameter === undefined) {
    throw new Complaint(
      `\`${target}\` does not name a parameter of a stage`,
      "write `--set stage.parameter=value`, as in `--set tuned.steps=50`",
      { place },
    );
  }
  const names = experiment.stages.map(({ name }) => name);
  if (!names.includes(stageName)) {
    const suggestion = nearest(stageName, names);
    throw new Complaint(
      `the experiment has no stage \`${stageName}\``,
      suggestion === undefined
        ? `its stages are ${listed(names)}`
        : `did you mean \`${suggestion}.${parameter}\`?`,
      { place },
    );
  }
  const stages = experiment.stages.map((stage) =>
    stage.name === stageName ? setIn(stage, parameter, value) : stage
  );
  return { ...experiment, stages };
}

function setIn(stage: StageText, parameter: string, value: LocatedValue): StageText {
  const settings = new Map(stage.settings);
  const axes = new Map(stage.matrix.axes);
  if (parameter === "use") return { ...stage, use: value };
  if (parameter === "matrix") {
    throw new Complaint(
      "a matrix can only be set one axis at a time",
      `write \`--set '${stage.name}.seed=[1, 2]'\``,
      { place: value.place },
    );
  }
  if (!axes.has(parameter)) {
    settings.set(parameter, value);
    return { ...stage, settings };
  }
  settings.delete(parameter);
  if (value.value !== null && typeof value.value === "object") {
    const values = axisValues(stage.name, parameter, value.value);
    if (!Array.isArray(values)) throw new Complaint(values.what, values.fix, value);
    const written = Array.isArray(value.value) ? value.written : values;
    axes.set(parameter, { ...value, value: values, written });
  } else {
    settings.set(parameter, value);
  }
  const restricted = new Set(stage.matrix.restricted).add(parameter);
  return { ...stage, settings, matrix: { ...stage.matrix, axes, restricted } };
}

function locatedValue(text: string, place: Place): LocatedValue {
  const { value, written } = parseValue(text, place);
  return { value, written, keyPlace: place, place, base: ".", at: () => place };
}
