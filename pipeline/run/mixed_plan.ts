import { earlierFacts, mixturesOf, type Versions } from "../contract/mixed_facts.ts";
import type { ArtifactStore } from "../store/artifact_store.ts";
import { machinesOf } from "../store/pending_machines.ts";
import type { Planned } from "../plan/plan.ts";
import { type Machine, versionsOf } from "./machine.ts";

/**
 * Warnings about a plan whose results come together although they are computed in different
 * circumstances, for example on two processors: what is stored, what will run here, and what goes on
 * from a checkpoint.
 */
export function mixedPlanWarnings(
  plan: readonly Planned[],
  { store, machine }: { readonly store: ArtifactStore; readonly machine: Machine },
): string[] {
  const stored = new Set<Versions>();
  const toRun: Versions[] = [];
  const continued: string[] = [];
  for (const one of plan) {
    if (one.action === "hit") {
      stored.add(one.manifest.circumstances.versions);
      continue;
    }
    const { key, label, preimage, definition } = one.node;
    const now = versionsOf(preimage, machine);
    const machines = definition.resumable ? machinesOf(store.pendingFolder(key)) : [];
    const before = earlierFacts(machines, now);
    toRun.push({ ...now, ...before });
    if (Object.keys(before).length > 0) continued.push(continuedText(label, before));
  }
  return [
    ...continued,
    ...mixturesOf([...stored, ...toRun]).map(({ kinds, values }) => {
      const parts = [...values].map(([value, results]) => {
        const kept = results.filter((each) => stored.has(each)).length;
        const counts = [[kept, "stored"], [results.length - kept, "to run"]] as const;
        const text = counts.filter(([count]) => count > 0)
          .map(([count, what]) => `${count} ${what}`).join(", ");
        return `${value} (${text})`;
      });
      return `results of ${values.size} ${kinds}, come together; this alone may cause differences: ` +
        parts.sort().join("; ");
    }),
  ];
}

/** @param facts as `earlierFacts` names them */
export function continuedText(label: string, facts: Versions): string {
  const list = Object.entries(facts).map(([name, value]) => `${name} ${value}`).join(", ");
  return `${label} goes on from a checkpoint that another machine computed (${list})`;
}
