/** Arguments and options that several commands share. */
import type { CommandWorld } from "./command_world.ts";
import { count, flag, list, one, optional, text } from "./options.ts";
import { readExperimentFile } from "../experiment/read_request.ts";

/** Every command takes these. */
export const sharedOptions = {
  results: text("DIR", "folder of results (default: results/store)"),
  help: flag("show this help"),
} as const;

export const experimentFile = one("EXPERIMENT.yaml", "an experiment file");
export const optionalExperiment = optional("EXPERIMENT", "an experiment");

export const set = list(
  "STAGE.PARAM=VALUE",
  "change a parameter; a list replaces a matrix axis",
);
export const only = list("STAGE", "only this stage and the stages it needs");
/** For commands that look at one evaluation. */
export const onlyEvaluation = list(
  "'STAGE[AXIS=VALUE]'",
  "the evaluation to use (default: the first stored)",
);
/** The defaults of these two depend on the experiment: `concurrencyOf`. */
export const jobs = count("stages at once (default: 1, or as `threads` allows)");
export const threads = count("threads per stage (default: the file's or all)");
export const json = flag("print JSON");
export const page = text("FILE", "file of the page (default: in the results folder)");

/** The name of an experiment that is given by its name or by its file. */
export function experimentName(given: string, world: CommandWorld): string;
export function experimentName(given: string | undefined, world: CommandWorld): string | undefined;
export function experimentName(given: string | undefined, world: CommandWorld): string | undefined {
  if (given === undefined || !/\.ya?ml$/.test(given)) return given;
  return readExperimentFile(given, world).name;
}
