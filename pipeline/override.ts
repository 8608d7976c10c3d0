/** `--set stage.parameter=value`: changes to an experiment from the command line. */
import { parseDocument } from "yaml";
import { Complaint, nearest, type Place } from "./complaint.ts";
import { checkAxis, type Experiment, type Located, type StageText } from "./experiment.ts";

/**
 * The experiment with the changes applied, the last one winning. A value is typed as YAML types
 * it. For an axis of a matrix, a list replaces the axis and a plain value pins it.
 *
 * @param changes texts such as `tuned.steps=50`, `tuned.alignment=[none, singular]`, `seed=7`
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
      `\`${change}\` does not say what to set`,
      "write `--set stage.parameter=value`, as in `--set tuned.steps=50`",
      { place },
    );
  }
  const value = locatedValue(text, place);
  if (target === "seed") return { ...experiment, seed: value };
  const [, stageName, parameter] = /^([^.]+)\.([^.]+)$/.exec(target) ?? [];
  if (stageName === undefined || parameter === undefined) {
    throw new Complaint(
      `\`${target}\` is not a parameter of a stage`,
      "write `--set stage.parameter=value`, as in `--set tuned.steps=50`",
      { place },
    );
  }
  const names = experiment.stages.map(({ name }) => name);
  if (!names.includes(stageName)) {
    const meant = nearest(stageName, names);
    throw new Complaint(
      `the experiment has no stage \`${stageName}\``,
      meant === undefined
        ? `its stages are ${names.map((name) => `\`${name}\``).join(", ")}`
        : `did you mean \`${meant}.${parameter}\`?`,
      { place },
    );
  }
  const stages = experiment.stages.map((stage) =>
    stage.name === stageName ? setIn(stage, parameter, value) : stage
  );
  return { ...experiment, stages };
}

function setIn(stage: StageText, parameter: string, value: Located): StageText {
  const settings = new Map(stage.settings);
  const axes = new Map(stage.axes);
  if (parameter === "use") return { ...stage, use: value };
  if (axes.has(parameter) && Array.isArray(value.value)) {
    const wrong = checkAxis(stage.name, parameter, value.value, value.place);
    if (wrong[0] !== undefined) throw wrong[0];
    axes.set(parameter, value);
  } else {
    axes.delete(parameter);
    settings.set(parameter, value);
  }
  return { ...stage, settings, axes };
}

function locatedValue(text: string, place: Place): Located {
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new Complaint(`bad YAML in the value: ${error.message}`, "quote the value", { place });
  }
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  return { value, keyPlace: place, place, base: ".", at: () => place };
}
