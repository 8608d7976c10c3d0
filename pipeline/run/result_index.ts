/** The result database as the pipeline sees it; `results/` implements it and the command connects the two. */
import type { KeyedNode } from "../key/key.ts";

export interface ResultIndex {
  /** Writes nothing. Throws a Complaint when a newer version of this program wrote the database. */
  check(): Promise<void>;
  /** A node starts to run; `time` is ISO 8601, UTC. */
  started(node: KeyedNode, why: string, time: string): Promise<void>;
  /** Imports the rows that running nodes have written so far; gives up quickly if it cannot. */
  live(nodes: readonly KeyedNode[]): Promise<void>;
  /** A node is complete in the store, has failed, or was stopped. */
  ended(node: KeyedNode, status: "complete" | "failed" | "stopped"): Promise<void>;
  /** Updates the database from the results folder; reports what it had to repair. */
  reconcile(say: (line: string) => void): Promise<void>;
  /**
   * The report of a request (the comparison table) as text of 80 columns; reports what it had to
   * repair.
   */
  report(requestId: string, say: (line: string) => void): Promise<string>;
}
