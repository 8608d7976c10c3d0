import { Complaint } from "../contract/complaint.ts";
import { defineCommand, list, text } from "./define_command.ts";
import { count } from "./option_values.ts";

export interface ExportFeaturesCommand {
  readonly name: "export-features";
  readonly results: string;
  readonly file: string;
  /** Name of a stage, or of one point of it. */
  readonly stage: string;
  /** The folder to make. */
  readonly folder: string;
  readonly format: "lmdb" | "npz";
  readonly set: readonly string[];
  readonly threads: number;
}

export const exportFeaturesDefinition = defineCommand({
  name: "export-features",
  options: { format: text, set: list, threads: text },
  read({ results, values, positionals, defaults }): ExportFeaturesCommand {
    const [file, stage, folder, fourth] = positionals;
    if (file === undefined || stage === undefined || !folder || fourth !== undefined) {
      throw new Complaint(
        "`export-features` wants an experiment file, a stage and a folder to make",
        "for example: deno task export-features experiments/smoke.yaml features /tmp/features",
      );
    }
    return {
      name: "export-features",
      results,
      file,
      stage,
      folder,
      format: featuresFormat(values.format),
      set: values.set ?? [],
      threads: count(values, "threads") ?? defaults.threads,
    };
  },
});

function featuresFormat(given = "lmdb"): "lmdb" | "npz" {
  if (given === "lmdb" || given === "npz") return given;
  throw new Complaint(`there is no format \`${given}\``, "the formats are lmdb and npz");
}
