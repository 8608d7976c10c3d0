/** All commands: one line each, and everything else follows from it. */
import { compareDefinition } from "./compare.ts";
import { doctorDefinition } from "./doctor_options.ts";
import { exportDefinition } from "./export.ts";
import { exportFeaturesDefinition } from "./export_features_options.ts";
import { gcDefinition } from "./gc_options.ts";
import { rebuildDefinition } from "./rebuild.ts";
import { reportDefinition } from "./report.ts";
import { runDefinition } from "./run.ts";
import { runsDefinition } from "./runs.ts";
import { searchDefinition } from "./search_options.ts";
import { showDefinition } from "./show.ts";
import { sqlDefinition } from "./sql.ts";
import { statusDefinition } from "./status_options.ts";
import { tensorboardDefinition } from "./tensorboard.ts";
import { verifyDefinition } from "./verify_options.ts";
import { watchDefinition } from "./watch.ts";
import { whyDefinition } from "./why_options.ts";
import { wrongDefinition } from "./wrong_options.ts";

/** In the order in which an error names them. */
export const definitions = [
  runDefinition,
  doctorDefinition,
  statusDefinition,
  runsDefinition,
  showDefinition,
  compareDefinition,
  reportDefinition,
  gcDefinition,
  verifyDefinition,
  searchDefinition,
  wrongDefinition,
  whyDefinition,
  sqlDefinition,
  watchDefinition,
  tensorboardDefinition,
  exportDefinition,
  exportFeaturesDefinition,
  rebuildDefinition,
] as const;

/** `help` and `worker`, which our own processes ask for, take no options. */
export type Command =
  | { readonly name: "help" }
  | { readonly name: "worker" }
  | ReturnType<(typeof definitions)[number]["read"]>;
