import { type Answer, whyNode } from "../explain/why.ts";
import { type CodeChange, codeChanges } from "../explain/code_changes.ts";
import { concurrencyOf } from "../run/concurrency.ts";
import { codeNow, readCode } from "../store/code_record.ts";
import { defineCommand } from "./define_command.ts";
import { experimentFile, json, set, threads } from "./shared_options.ts";
import { keyRequest } from "../plan/key_graph.ts";
import { one, text } from "./options.ts";
import { openStore } from "../store/artifact_store.ts";
import { readFailure } from "../store/failure_record.ts";
import { readRequest } from "../experiment/read_request.ts";
import { selectNodes } from "../experiment/selection.ts";
import { storedRuns } from "../store/stored_runs.ts";
import { whyAnswersText } from "../explain/why_text.ts";

export const whyCommand = defineCommand({
  name: "why",
  summary: "explain why a stage would run again, or would not",
  details: "Compares what the result of the stage depends on now with its last run, and lists " +
    "the differences: parameters, lines of code, packages, files, inputs. Changes nothing.",
  arguments: { file: experimentFile, stage: one("STAGE", "a stage") },
  options: {
    against: text("RUN", "compare with the run whose key begins with RUN"),
    set,
    threads,
    json,
  },
  example: "experiments/smoke.yaml tuned",
  async run({ results, file, stage, against, set, json, ...request }, world) {
    using display = world.openDisplay();
    const store = openStore(results);
    const { experiment, graph } = readRequest({ file, set }, world);
    const requested = selectNodes(graph, "why", [stage]);
    const { threads } = concurrencyOf(request, experiment, world);
    const { nodes, code } = await keyRequest(graph, { experiment: file, threads, only: [stage] }, {
      ...world,
      store,
      progress: display.task("digests"),
    });
    const runs = storedRuns(store);
    const other = against === undefined ? undefined : runs.named(against);
    const compared = new Map<string, Promise<readonly CodeChange[] | null>>();
    const answers: Answer[] = [];
    for (const node of nodes.filter(({ label }) => requested.has(label))) {
      const answer = await whyNode(node, {
        runs,
        experiment: experiment.name,
        nodes: new Map(nodes.map((one) => [one.label, one])),
        stored: ({ definition, key }) => store.find(definition.name, key).state === "complete",
        failure: ({ key }) => readFailure(store, key)?.what,
        codeChanges(before, { definition, preimage }) {
          const pair = `${before.code} ${preimage.code}`;
          const known = compared.get(pair) ?? changesOf(before.code, definition.name);
          compared.set(pair, known);
          return known;
        },
      }, other);
      answers.push(answer);
    }
    world.print((json ? JSON.stringify(answers, null, 1) : whyAnswersText(answers)) + "\n");

    async function changesOf(before: string, kind: string) {
      const [old, now] = [readCode(store, before), codeNow(code.get(kind)!)];
      return old === undefined || now === undefined ? null : await codeChanges(old, now);
    }
  },
});
