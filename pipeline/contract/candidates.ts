/** The points that a gathering stage reads: how they are named, in labels, keys and result rows. */
import type { Scalar } from "./stage.ts";

/** One of the points that a stage gathers: axis -> value, for the axes that it gathers along. */
export type Candidate = Readonly<Record<string, Scalar>>;

/** Name of the input that a gathering stage reads at a port for a candidate: `from[weight=2]`. */
export function candidateInput(port: string, candidate: Candidate): string {
  const text = pointText(candidate);
  return text === "" ? port : `${port}[${text}]`;
}

/** `alignment=none,seed=1` */
export function pointText(point: Readonly<Record<string, Scalar>>): string {
  return Object.entries(point).map(([axis, value]) => `${axis}=${scalarText(value)}`).join(",");
}

/** Plain words are unchanged; other texts are quoted, so that `1` and `"1"` give two texts. */
export function scalarText(value: Scalar): string {
  const plain = typeof value !== "string" ||
    /^(?!(?:true|false|null)$)[A-Za-z_][\w.-]*$/.test(value);
  return plain ? String(value) : JSON.stringify(value);
}
