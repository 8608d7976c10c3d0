/** All commands, in the order in which `help` lists them. */
import { compareCommand } from "./compare.ts";
import type { Command } from "./define_command.ts";
import { doctorCommand } from "./doctor.ts";
import { exportCommand } from "./export.ts";
import { exportFeaturesCommand } from "./export_features.ts";
import { gcCommand } from "./gc.ts";
import { type CommandGroup, helpOver } from "./help.ts";
import { rebuildCommand } from "./rebuild.ts";
import { reportCommand } from "./report.ts";
import { runCommand } from "./run.ts";
import { runsCommand } from "./runs.ts";
import { searchCommand } from "./search.ts";
import { setupCommand } from "./setup.ts";
import { showCommand } from "./show.ts";
import { sqlCommand } from "./sql.ts";
import { statusCommand } from "./status.ts";
import { tensorboardCommand } from "./tensorboard.ts";
import { verifyCommand } from "./verify.ts";
import { watchCommand } from "./watch.ts";
import { whyCommand } from "./why.ts";
import { wrongCommand } from "./wrong.ts";

export const commandGroups: readonly CommandGroup[] = [
  {
    title: "run experiments",
    commands: [
      runCommand,
      doctorCommand,
      statusCommand,
      whyCommand,
      watchCommand,
      verifyCommand,
      setupCommand,
    ],
  },
  {
    title: "look at results",
    commands: [
      reportCommand,
      runsCommand,
      showCommand,
      compareCommand,
      searchCommand,
      wrongCommand,
      sqlCommand,
    ],
  },
  {
    title: "use results elsewhere",
    commands: [exportCommand, exportFeaturesCommand, tensorboardCommand],
  },
  { title: "look after the store", commands: [gcCommand, rebuildCommand] },
];

export const helpCommand: Command = helpOver(commandGroups);

export const commands: readonly Command[] = [
  ...commandGroups.flatMap(({ commands }) => commands),
  helpCommand,
];
