/** All commands: one line each, and everything else follows from it. */
import { compareDefinition } from "./compare.ts";
import { doctorDefinition } from "./doctor.ts";
import { exportDefinition } from "./export.ts";
import { exportFeaturesDefinition } from "./export_features.ts";
import { gcDefinition } from "./gc.ts";
import { rebuildDefinition } from "./rebuild.ts";
import { reportDefinition } from "./report.ts";
import { runDefinition } from "./run.ts";
import { runsDefinition } from "./runs.ts";
import { searchDefinition } from "./search.ts";
import { showDefinition } from "./show.ts";
import { sqlDefinition } from "./sql.ts";
import { statusDefinition } from "./status.ts";
import { tensorboardDefinition } from "./tensorboard.ts";
import { verifyDefinition } from "./verify.ts";
import { watchDefinition } from "./watch.ts";
import { whyDefinition } from "./why.ts";
import { wrongDefinition } from "./wrong.ts";

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
