import { defineCommand } from "./define_command.ts";
import { openStore } from "../store/artifact_store.ts";

export const rebuildCommand = defineCommand({
  name: "rebuild",
  summary: "rebuild the database from the stored artifacts",
  details:
    "Every row of the database comes from an artifact, so the database can be deleted at any time.",
  arguments: {},
  options: {},
  example: "",
  async run({ results }, { print, warn }) {
    const { root } = openStore(results);
    const { rebuildDatabase } = await import("../../results/database/reconcile.ts");
    print(`${await rebuildDatabase(root, warn)}\n`);
  },
});
