/**
 * Divides a recording into steps: ops that run fastest by themselves, such as bfloat16 products on a
 * processor that has instructions for them, and between them clusters of other ops, which XLA fuses.
 * What one step makes and another reads goes through memory, so the division keeps that small:
 *
 * - An op waits until a step needs it. What a step needs becomes one cluster, together with all that this
 *   needs in turn: what only a gradient needs is computed in the gradient.
 * - An op that makes its inputs smaller, such as a sum, does not wait.
 * - What a few cheap ops make of what is there is computed again wherever it is needed.
 */
import { createHash } from "node:crypto";
import { TF_BFLOAT16 } from "../runtime/data_types.ts";
import type { TensorMetadata } from "../runtime/eager.ts";
import type { OpAttribute } from "../runtime/op_attributes.ts";

/** A recorded op; a constant has no inputs, but `values`. */
export interface RecordedOp {
  readonly name: string;
  readonly attributes: readonly OpAttribute[];
  /** Ids of tensors. */
  readonly inputs: readonly number[];
  readonly outputs: readonly TensorMetadata[];
  readonly values?: ArrayLike<unknown>;
}

/** A cluster of ops, or one op by itself. */
export interface Step {
  readonly alone: boolean;
  /** In an order in which they can be computed; with the constants that they need. */
  readonly ops: readonly RecordedOp[];
  /** Ids of what the step reads of the program's inputs and of earlier steps. */
  readonly inputs: readonly number[];
  /** Ids of what later steps read of it, and of the program's outputs among its own. */
  readonly outputs: readonly number[];
}

export interface StepRules {
  /** Whether an op is a step by itself. */
  alone(op: RecordedOp): boolean;
  /** What it costs to compute an op again; undefined: more than to keep its result. */
  cost(op: RecordedOp): number | undefined;
}

/** Chains of ops up to this cost are computed again. A layer norm without its weights costs 5. */
const affordable = 6;

/**
 * @param ops in an order in which they can be computed
 * @param outputs ids of the program's outputs
 */
export function stepsOf(
  ops: readonly RecordedOp[],
  outputs: readonly number[],
  rules: StepRules,
): Step[] {
  const makers = new Map(ops.flatMap((op) => op.outputs.map(({ id }) => [id, op] as const)));
  const groups = groupsOf(ops, outputs, { ...rules, makers });
  const read = new Set(outputs);
  for (const group of groups) {
    for (const id of readBy(group)) read.add(id);
  }
  const made = new Set<number>();
  return groups.map((group): Step => {
    const needed = [...readBy(group)].map((id) => [id, makers.get(id)] as const);
    const constants = needed.flatMap(([, maker]) => maker?.values === undefined ? [] : [maker]);
    const own = idsOf(group).filter((id) => !made.has(id));
    for (const id of own) made.add(id);
    return {
      alone: group.length === 1 && rules.alone(group[0]!),
      ops: [...constants, ...group],
      inputs: needed.filter(([, maker]) => maker?.values === undefined).map(([id]) => id),
      outputs: own.filter((id) => read.has(id)),
    };
  });
}

/** The ops of each step, without constants. */
function groupsOf(
  ops: readonly RecordedOp[],
  outputs: readonly number[],
  { makers, alone, cost }: StepRules & { readonly makers: ReadonlyMap<number, RecordedOp> },
): RecordedOp[][] {
  const order = new Map(ops.map((op, place) => [op, place]));
  const inOrder = (some: Iterable<RecordedOp>) =>
    [...some].sort((a, b) => order.get(a)! - order.get(b)!);
  const makersOf = ({ inputs }: Pick<RecordedOp, "inputs">) =>
    inputs.flatMap((id) => makers.get(id) ?? []).filter(({ values }) => values === undefined);
  const repeatable = repeatableOps(ops, makersOf, cost);
  const readers = new Map<RecordedOp, RecordedOp[]>();
  for (const op of ops) {
    for (const maker of makersOf(op)) readers.set(maker, [...readers.get(maker) ?? [], op]);
  }
  const wanted = makersOf({ inputs: outputs });
  const needed = everythingFor(wanted, makersOf);
  const placed = new Set<RecordedOp>();

  /** What has to be computed for these, and then what should not wait. */
  const clusterFor = (wanted: readonly RecordedOp[]): RecordedOp[] => {
    const cluster = everythingFor(
      wanted.filter((op) => !placed.has(op)),
      (op) => makersOf(op).filter((maker) => !placed.has(maker) || repeatable.has(maker)),
    );
    for (const op of cluster) {
      for (const reader of readers.get(op) ?? []) {
        if (placed.has(reader) || alone(reader) || !isSmaller(reader, makersOf(reader))) continue;
        const isReady = makersOf(reader).every((maker) =>
          cluster.has(maker) || placed.has(maker) && !repeatable.has(maker)
        );
        if (isReady && needed.has(reader)) cluster.add(reader);
      }
    }
    return inOrder(cluster);
  };

  const groups: RecordedOp[][] = [];
  const add = (group: RecordedOp[]) => {
    if (group.length === 0) return;
    for (const op of group) placed.add(op);
    groups.push(group);
  };
  for (const op of inOrder(needed).filter(alone)) {
    add(clusterFor(makersOf(op)));
    add([op]);
  }
  add(clusterFor(wanted));
  return groups;
}

/** Ops, and what they are made of. */
function everythingFor(
  ops: readonly RecordedOp[],
  makersOf: (op: RecordedOp) => readonly RecordedOp[],
): Set<RecordedOp> {
  const found = new Set<RecordedOp>();
  for (const open = [...ops]; open.length > 0;) {
    const op = open.pop()!;
    if (found.has(op)) continue;
    found.add(op);
    open.push(...makersOf(op));
  }
  return found;
}

/** The ops that are cheap to compute again from what no chain of cheap ops makes. */
function repeatableOps(
  ops: readonly RecordedOp[],
  makersOf: (op: RecordedOp) => RecordedOp[],
  cost: StepRules["cost"],
): Set<RecordedOp> {
  const total = new Map<RecordedOp, number>();
  for (const op of ops) {
    const own = cost(op);
    if (own === undefined) continue;
    const chain = makersOf(op).reduce((sum, maker) => sum + (total.get(maker) ?? 0), own);
    if (chain <= affordable) total.set(op, chain);
  }
  return new Set(total.keys());
}

/** Whether an op makes at most half of what it reads. */
function isSmaller({ outputs }: RecordedOp, makers: readonly RecordedOp[]): boolean {
  const bytes = (tensors: readonly TensorMetadata[]) =>
    tensors.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * widthOf(dtype), 0);
  return 2 * bytes(outputs) <= bytes(makers.flatMap(({ outputs }) => outputs));
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Bytes of an element; integers and truth values count as float32. */
function widthOf(dtype: number): number {
  return dtype === TF_BFLOAT16 ? 2 : 4;
}

function idsOf(ops: readonly RecordedOp[]): number[] {
  return ops.flatMap((op) => op.outputs.map(({ id }) => id));
}

/** Ids of what ops read of others. */
function readBy(ops: readonly RecordedOp[]): Set<number> {
  const own = new Set(idsOf(ops));
  return new Set(ops.flatMap(({ inputs }) => inputs).filter((id) => !own.has(id)));
}

/**
 * The form of a step: ops, types and wiring without ids. Steps of one form, as the layers of an encoder
 * have them, are computed by one function.
 * @param typeOf the type of an input of the step
 */
export function formOf(
  { ops, inputs, outputs }: Omit<Step, "alone">,
  typeOf: (id: number) => { readonly shape: readonly number[]; readonly dtype: number },
): string {
  const places = new Map<number, number>();
  const place = (id: number) => {
    if (!places.has(id)) places.set(id, places.size);
    return places.get(id)!;
  };
  const type = ({ shape, dtype }: ReturnType<typeof typeOf>) => [dtype, ...shape];
  const taken = inputs.map((id) => [place(id), type(typeOf(id))]);
  const done = ops.map((op) => [
    op.name,
    op.attributes,
    op.inputs.map(place),
    op.outputs.map((output) => [place(output.id), type(output)]),
    Array.from(op.values ?? [], String), // BigInts are no JSON
  ]);
  return JSON.stringify([taken, done, outputs.map(place)]);
}

/** A name for a function, which only functions of the same form have, in every process. */
export function formName(
  name: string,
  step: Omit<Step, "alone">,
  typeOf: Parameters<typeof formOf>[1],
): string {
  const digest = createHash("sha256").update(formOf(step, typeOf)).digest("hex");
  return `${name}_${digest.slice(0, 16)}`;
}

/** The same recording in which nothing is computed twice from the same inputs. */
export function withoutRepetitions(
  ops: readonly RecordedOp[],
  outputs: readonly number[],
): { readonly ops: readonly RecordedOp[]; readonly outputs: readonly number[] } {
  const first = new Map<string, RecordedOp>();
  const same = new Map<number, number>();
  const kept: RecordedOp[] = [];
  const now = (id: number) => same.get(id) ?? id;
  for (const op of ops) {
    const changed = { ...op, inputs: op.inputs.map(now) };
    const { name, attributes, inputs, outputs, values } = changed;
    const big = values !== undefined && values.length > 64;
    const types = outputs.map(({ dtype, shape }) => [dtype, shape]);
    const numbers = big ? [] : Array.from(values ?? [], String);
    const key = JSON.stringify([name, attributes, inputs, types, numbers]);
    const before = big ? undefined : first.get(key);
    if (before === undefined) {
      if (!big) first.set(key, changed);
      kept.push(changed);
    } else {
      op.outputs.forEach(({ id }, index) => same.set(id, before.outputs[index]!.id));
    }
  }
  return { ops: kept, outputs: outputs.map(now) };
}
