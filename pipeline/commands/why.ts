import { openStore } from "../store/artifact_store.ts";
import { type CodeChange, codeChanges } from "../explain/code_changes.ts";
import { codeNow, readCode } from "../store/code_record.ts";
import { readFailure } from "../store/failure_record.ts";
import type { KeyWorld } from "./key_world.ts";
import { keyRequest } from "../plan/key_graph.ts";
import { readRequest } from "../experiment/read_request.ts";
import { selectNodes } from "../experiment/selection.ts";
import { storedRuns } from "../store/stored_runs.ts";
import { type Answer, whyNode } from "../explain/why.ts";
import { whyAnswersText } from "../explain/why_text.ts";

export interface WhyRequest {
  /** Absolute path of the results folder. */
  readonly results: string;
  readonly file: string;
  /** Name of a stage, or points of it. */
  readonly stage: string;
  /** Beginning of the key of a complete run. */
  readonly against?: string;
  readonly set: readonly string[];
  readonly threads: number;
  readonly json: boolean;
}

/** @returns what `why` prints; writes nothing */
export async function whyCommand(
  { results, file, stage, against, set, threads, json }: WhyRequest,
  world: KeyWorld,
): Promise<string> {
  const store = openStore(results);
  const { experiment, graph } = readRequest({ file, set }, world);
  const asked = selectNodes(graph, "why", [stage]);
  const { nodes, code } = await keyRequest(graph, { experiment: file, threads, only: [stage] }, {
    ...world,
    store,
    progress: world.display.task("digests"),
  });
  const runs = storedRuns(store);
  const other = against === undefined ? undefined : runs.named(against);
  const compared = new Map<string, Promise<readonly CodeChange[] | null>>();
  const meant = nodes.filter(({ label }) => asked.has(label));
  const answers: Answer[] = [];
  for (const node of meant) {
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
  return (json ? JSON.stringify(answers, null, 1) : whyAnswersText(answers)) + "\n";

  async function changesOf(before: string, kind: string) {
    const [old, now] = [readCode(store, before), codeNow(code.get(kind)!)];
    return old === undefined || now === undefined ? null : await codeChanges(old, now);
  }
}
