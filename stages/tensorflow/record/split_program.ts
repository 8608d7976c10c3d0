/**
 * A recording as one function in which bfloat16 products are TensorFlow's own (oneDNN, which uses the
 * processor's bfloat16 instructions; XLA on CPUs does not), and all else is compiled by XLA in clusters.
 */
import { TF_BFLOAT16, TF_FLOAT } from "../runtime/data_types.ts";
import type { TensorMetadata } from "../runtime/eager.ts";
import type { Native } from "../runtime/native.ts";
import { Graph, type GraphFunction, type Output, type TensorType } from "./graph.ts";
import { formName, type RecordedOp, type Step, stepsOf, withoutRepetitions } from "./steps.ts";

/** What is recorded: ops, the program's inputs, and the ids of its outputs. */
export interface Recorded {
  readonly ops: readonly RecordedOp[];
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly number[];
}

export interface SplitProgram {
  readonly main: GraphFunction;
  /** What `main` calls, one function for each form of cluster. */
  readonly clusters: readonly GraphFunction[];
  /**
   * Places of the inputs that the program also takes rounded to bfloat16, in this order after all others:
   * weights that do not change between two calls need not be rounded again.
   */
  readonly rounded: readonly number[];
}

/** Whether a recording has a product that is worth a split. */
export function hasRoundedProduct(ops: readonly RecordedOp[]): boolean {
  return ops.some(isRoundedProduct);
}

export function splitProgram(native: Native, name: string, recorded: Recorded): SplitProgram {
  const { ops, outputs } = withoutRepetitions(recorded.ops, recorded.outputs);
  const places = new Map(recorded.inputs.map(({ id }, place) => [id, place]));
  const roundings = ops.filter((op) => isRounding(op) && places.has(op.inputs[0]!));
  const inputs = [...recorded.inputs, ...roundings.map((op) => op.outputs[0]!)];
  const rest = ops.filter((op) => !roundings.includes(op));
  using assembly = new Assembly(native, name, { ops: rest, inputs, outputs });
  for (const step of stepsOf(rest, outputs, { alone: isRoundedProduct, cost })) assembly.add(step);
  return {
    main: assembly.toFunction(),
    clusters: assembly.clusters,
    rounded: roundings.map((op) => places.get(op.inputs[0]!)!),
  };
}

/** The graph that calls the steps one after another. */
class Assembly {
  #native: Native;
  #name: string;
  #recorded: Recorded;
  #graph: Graph;
  #types = new Map<number, TensorType>();
  #constants = new Map<number, RecordedOp>();
  #outputs = new Map<number, Output>();
  #clusters = new Map<string, GraphFunction>();

  constructor(native: Native, name: string, recorded: Recorded) {
    this.#native = native;
    this.#name = name;
    this.#recorded = recorded;
    this.#graph = new Graph(native);
    for (const input of recorded.inputs) {
      this.#types.set(input.id, input);
      this.#outputs.set(input.id, this.#graph.placeholder(input));
    }
    for (const op of recorded.ops) {
      for (const output of op.outputs) this.#types.set(output.id, output);
      if (op.values !== undefined) this.#constants.set(op.outputs[0]!.id, op);
    }
  }

  get clusters(): GraphFunction[] {
    return [...this.#clusters.values()];
  }

  add(step: Step): void {
    const ops = step.ops.filter(({ values }) => values === undefined);
    if (step.alone || ops.every(isTrivial)) return ops.forEach((op) => this.#addOp(op));
    const inputs = this.#all(step.inputs);
    const outputs = this.#graph.call(this.#clusterOf(step).name, inputs, step.outputs.length);
    step.outputs.forEach((id, index) => this.#outputs.set(id, outputs[index]!));
  }

  #addOp({ name, attributes, inputs, outputs }: RecordedOp): void {
    const made = this.#graph.operation(name, attributes, this.#all(inputs), outputs.length);
    outputs.forEach(({ id }, index) => this.#outputs.set(id, made[index]!));
  }

  toFunction(): GraphFunction {
    const { inputs, outputs } = this.#recorded;
    return this.#graph.toFunction(
      this.#name,
      this.#all(inputs.map(({ id }) => id)),
      this.#all(outputs),
    );
  }

  [Symbol.dispose](): void {
    this.#graph[Symbol.dispose]();
  }

  #all(ids: readonly number[]): Output[] {
    return ids.map((id) => {
      const found = this.#outputs.get(id);
      if (found !== undefined) return found;
      const constant = this.#graph.constant(this.#types.get(id)!, this.#constants.get(id)!.values!);
      this.#outputs.set(id, constant);
      return constant;
    });
  }

  #clusterOf(step: Step): GraphFunction {
    const typeOf = (id: number) => this.#types.get(id)!;
    const name = formName("cluster", step, typeOf);
    const known = this.#clusters.get(name);
    if (known !== undefined) return known;
    const made = clusterFunction(this.#native, name, step, typeOf);
    this.#graph.include(made);
    this.#clusters.set(name, made);
    return made;
  }
}

function clusterFunction(
  native: Native,
  name: string,
  { ops, inputs, outputs }: Step,
  typeOf: (id: number) => TensorType,
): GraphFunction {
  using graph = new Graph(native);
  const made = new Map(inputs.map((id) => [id, graph.placeholder(typeOf(id))]));
  const all = (ids: readonly number[]) => ids.map((id) => made.get(id)!);
  const given = all(inputs);
  for (const op of ops) {
    const outputs = op.values === undefined
      ? graph.operation(op.name, op.attributes, all(op.inputs), op.outputs.length)
      : [graph.constant(op.outputs[0]!, op.values)];
    op.outputs.forEach(({ id }, index) => made.set(id, outputs[index]!));
  }
  return graph.toFunction(name, given, all(outputs));
}

function isRoundedProduct({ name, attributes }: RecordedOp): boolean {
  return name === "BatchMatMulV2" && typeIn(attributes, "T") === TF_BFLOAT16;
}

/** Ops by element. Functions such as exp and erf cost more than to read their result. */
const cheap = new Set([
  "Add",
  "AddV2",
  "Sub",
  "Mul",
  "Neg",
  "Square",
  "Maximum",
  "Minimum",
  "Cast",
]);

function cost({ name }: RecordedOp): number | undefined {
  if (name === "Reshape" || name === "Fill") return 0;
  return cheap.has(name) ? 1 : undefined;
}

/** Whether there is nothing to fuse, so that compiling would take time and save none. */
function isTrivial({ name }: RecordedOp): boolean {
  return name === "Cast" || name === "Reshape";
}

/** From float32 to bfloat16. */
function isRounding({ name, attributes }: RecordedOp): boolean {
  return name === "Cast" && typeIn(attributes, "SrcT") === TF_FLOAT &&
    typeIn(attributes, "DstT") === TF_BFLOAT16;
}

function typeIn(attributes: RecordedOp["attributes"], attribute: string): unknown {
  return attributes.find(({ name }) => name === attribute)?.value;
}
