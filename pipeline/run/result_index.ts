/** What the pipeline tells the result database; `results/` keeps it, `main.ts` joins the two. */
import type { KeyedNode } from "../key/key.ts";

export interface ResultIndex {
  /** Writes nothing. Throws a Complaint when a newer program made the database. */
  check(): Promise<void>;
  /** A node begins to run; `time` is ISO 8601, UTC. */
  started(node: KeyedNode, why: string, time: string): Promise<void>;
  /** Takes over the rows that running nodes have written so far; gives up soon if it cannot. */
  live(nodes: readonly KeyedNode[]): Promise<void>;
  /** A node is complete and in the store, or failed, or was stopped. */
  ended(node: KeyedNode, status: "complete" | "failed" | "stopped"): Promise<void>;
  /** Brings the database up to what the folder holds; says what it had to mend. */
  reconcile(say: (line: string) => void): Promise<void>;
  /**
   * The report of what was asked (the ablation table), as text of 80 columns; says what it had to
   * mend.
   */
  report(askedId: string, say: (line: string) => void): Promise<string>;
}
