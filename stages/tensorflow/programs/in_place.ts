/**
 * Programs that write outputs into the memory of their inputs. XLA does so for variables that a program
 * reads and assigns, if nobody else holds what is in them. For one call, tensors are therefore put into
 * variables of their own.
 */
import { Graph, type GraphFunction, type TensorType } from "../record/graph.ts";
import { TF_RESOURCE } from "../runtime/data_types.ts";
import type { EagerContext } from "../runtime/eager.ts";
import type { Native } from "../runtime/native.ts";
import { attributeKinds, stringAttribute, typeAttribute } from "../runtime/op_attributes.ts";

/** An input, and the output that takes its memory; both by place. */
export interface Reuse {
  readonly input: number;
  readonly output: number;
  readonly type: TensorType;
}

/** A tensor of a tree, by its path. */
interface Leaf extends TensorType {
  readonly path: string;
}

/** The tensors that a program takes and makes, in its order. */
export interface TypedLeaves {
  readonly inputs: readonly Leaf[];
  readonly outputs: readonly Leaf[];
}

/** Smaller tensors are not worth three more operations in each call. */
const leastElements = 2 ** 16;

/** @param isConsumed whether an output may take the memory of the input at this path */
export function reusesOf(
  { inputs, outputs }: TypedLeaves,
  isConsumed: (path: string) => boolean,
): Reuse[] {
  const outputAt = new Map(outputs.map((leaf, place) => [leaf.path, { ...leaf, place }]));
  return inputs.flatMap(({ path, shape, dtype }, input) => {
    const output = outputAt.get(path);
    if (!isConsumed(path) || output === undefined || output.dtype !== dtype) return [];
    if (String(output.shape) !== String(shape)) return [];
    if (shape.reduce((size, side) => size * side, 1) < leastElements) return [];
    return [{ input, output: output.place, type: { shape, dtype } }];
  });
}

/** `program` with variables in place of the inputs that are reused; it returns the other outputs. */
export function inPlaceProgram(
  native: Native,
  name: string,
  program: GraphFunction,
  { inputs, outputCount, reuses }: {
    readonly inputs: readonly TensorType[];
    readonly outputCount: number;
    readonly reuses: readonly Reuse[];
  },
): GraphFunction {
  using graph = new Graph(native);
  graph.include(program);
  const reused = new Map(reuses.map((reuse) => [reuse.input, reuse]));
  const taken = inputs.map((type, place) =>
    graph.placeholder(reused.has(place) ? { shape: [], dtype: TF_RESOURCE } : type)
  );
  const read = inputs.map(({ dtype }, place) =>
    reused.has(place)
      ? graph.operation("ReadVariableOp", [typeAttribute("dtype", dtype)], [taken[place]!], 1)[0]!
      : taken[place]!
  );
  const made = graph.call(program.name, read, outputCount);
  const written = new Set(reuses.map(({ output }) => output));
  for (const { input, output, type: { dtype } } of reuses) {
    const variableAndValue = [taken[input]!, made[output]!];
    graph.operation("AssignVariableOp", [typeAttribute("dtype", dtype)], variableAndValue, 0);
  }
  return graph.toFunction(name, taken, made.filter((_, place) => !written.has(place)));
}

/**
 * Calls a program made by `inPlaceProgram`.
 * @param inputs ids of all inputs
 * @param release drops the caller's hold on an input, by place, so that the variable alone has it
 * @returns ids of all outputs
 */
export function callInPlace(
  eager: EagerContext,
  name: string,
  inputs: readonly number[],
  { reuses, outputCount, release }: {
    readonly reuses: readonly Reuse[];
    readonly outputCount: number;
    readonly release: (input: number) => void;
  },
): number[] {
  const variables = new Map<number, number>();
  try {
    for (const { input, type } of reuses) {
      variables.set(input, variableWith(eager, inputs[input]!, type));
      release(input);
    }
    const taken = inputs.map((id, place) => variables.get(place) ?? id);
    const others = eager.callFunction(name, taken, outputCount - reuses.length, "xla");
    const outputs = new Map(reuses.map(({ input, output, type }) => {
      const dtype = [typeAttribute("dtype", type.dtype)];
      return [output, eager.execute("ReadVariableOp", dtype, [variables.get(input)!], 1)[0]!.id];
    }));
    return Array.from({ length: outputCount }, (_, place) => outputs.get(place) ?? others.shift()!);
  } finally {
    for (const variable of variables.values()) eager.deleteTensor(variable);
  }
}

/** A name that TensorFlow reserves for variables that live as long as their handle. */
const anonymous = "cd2c89b7-88b7-44c8-ad83-06c2a9158347";

function variableWith(eager: EagerContext, value: number, { shape, dtype }: TensorType): number {
  const variable = eager.execute(
    "VarHandleOp",
    [
      stringAttribute("container", ""),
      stringAttribute("shared_name", anonymous),
      typeAttribute("dtype", dtype),
      { name: "shape", type: attributeKinds.TF_ATTR_SHAPE, value: shape },
    ],
    [],
    1,
  )[0]!.id;
  eager.execute("AssignVariableOp", [typeAttribute("dtype", dtype)], [variable, value], 0);
  return variable;
}
