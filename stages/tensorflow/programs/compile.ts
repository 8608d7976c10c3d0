/**
 * Record, then compile: a function over tensors, written in plain tfjs, becomes one TensorFlow
 * function per input signature, compiled by XLA. (A processor's bfloat16 instructions are used by
 * TensorFlow's products alone; where it has them, the function is split at its bfloat16 products.)
 *
 *     const step = compile(({ weights, batch }) => trainingStep(weights, batch), { name: "step" });
 *     const { weights: next, loss } = step({ weights, batch });   // everything stays on the device
 *
 * The function runs once per signature, for the recording, with tensors that have shapes but no values.
 * Gradients, clipping and the optimiser become part of the same program. The function must not read
 * values, and must take every tensor that it uses from its inputs.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Compute } from "../kernels/backend.ts";
import type { Binding } from "../kernels/binding.ts";
import { hasBfloat16Instructions } from "../kernels/rounded_product.ts";
import { Recording, RecordingError } from "../record/recording.ts";
import { formName } from "../record/steps.ts";
import { hasRoundedProduct, type Recorded, splitProgram } from "../record/split_program.ts";
import type { FunctionRoute } from "../runtime/function_route.ts";
import { callInPlace, inPlaceProgram, type Reuse, reusesOf, type TypedLeaves } from "./in_place.ts";
import { RoundedInputs } from "./rounded_inputs.ts";
import { leaves, replaceLeaves, skeleton, type TensorTree } from "./tensor_tree.ts";

export interface CompileOptions {
  /** For messages and profiles; letters, digits and underscores. */
  readonly name: string;
  /** If false, TensorFlow runs the recorded ops one by one. Only for comparison. */
  readonly xla?: boolean;
  /** Without XLA: lets TensorFlow's optimiser fuse ops, such as a convolution and its activation. */
  readonly fuses?: boolean;
  /**
   * A part of the inputs that the program consumes: it disposes these tensors, and writes the outputs
   * with the same paths into their memory where it can.
   */
  readonly consumes?: string;
}

export interface Compiled<Inputs extends TensorTree, Outputs extends TensorTree> {
  /** Runs the program. The inputs stay alive; the outputs are the caller's to dispose. */
  (inputs: Inputs): Outputs;
  /**
   * The same on another thread: the event loop goes on meanwhile, so the host can prepare what comes next.
   * The inputs may be disposed at once.
   */
  elsewhere(inputs: Inputs): Promise<Outputs>;
  /** Programs so far, one per input signature. */
  readonly programs: readonly Program[];
  /**
   * Frees the programs. What XLA has compiled of them stays in memory until the process ends, a few
   * megabytes for 100 operations: TensorFlow has no call that frees it. A program of the same content
   * finds it again.
   */
  [Symbol.dispose](): void;
}

export interface Program {
  readonly signature: string;
  readonly operationCount: number;
}

/** A recorded function over trees. */
interface RecordedTree<Functions> {
  readonly functions: Functions;
  readonly operationCount: number;
  readonly outputs: readonly {
    readonly path: string;
    readonly shape: number[];
    readonly dtype: number;
  }[];
  /** Puts the outputs back into the function's tree. */
  readonly assemble: (tensors: readonly tf.Tensor[]) => TensorTree;
}

interface RecordedProgram extends Program, RecordedTree<Functions> {}

/** What TensorFlow runs. */
interface Functions {
  readonly main: string;
  /** What `main` calls and XLA compiles by itself. */
  readonly clusters: readonly string[];
  /** What `main` calls. */
  readonly called: readonly string[];
  /** How `main` runs. */
  readonly route: FunctionRoute;
  /** Takes tensors rounded to bfloat16, which the program takes after its inputs. */
  readonly rounded: RoundedInputs;
  /** Inputs in whose memory `main` writes outputs. */
  readonly reuses: readonly Reuse[];
}

export function compile<Inputs extends TensorTree, Outputs extends TensorTree>(
  compute: Compute,
  fn: (inputs: Inputs) => Outputs,
  options: CompileOptions,
): Compiled<Inputs, Outputs> {
  if (!/^\w+$/.test(options.name)) {
    throw new RangeError(
      `a program's name must consist of letters, digits and underscores, not be ${options.name}`,
    );
  }
  const { backend, binding } = compute;
  const { xla = true, fuses = false, consumes } = options;
  const isConsumed = (path: string) => consumes !== undefined && path.startsWith(`${consumes}.`);
  const programs = new Map<string, RecordedProgram>();
  const call = (inputs: Inputs) => {
    const tensors = leaves(inputs);
    const signature = tensors.map(({ path, tensor }) => `${path}:${tensor.dtype}[${tensor.shape}]`)
      .join();
    let program = programs.get(signature);
    const isFirstCall = program === undefined;
    if (program === undefined) {
      const { name } = options;
      const recorded = record(compute, fn, inputs, {
        ...{ name, xla },
        toFunctions: (recording, io, leaves) => {
          const reuses = reusesOf(leaves, isConsumed);
          return addFunctions(binding, recording, { ...io, reuses }, { name, fuses });
        },
      });
      program = { ...recorded, signature };
      programs.set(signature, program);
    }
    const ids = backend.getInputTensorIds(tensors.map(({ tensor }) => tensor));
    const { assemble, outputs, functions: { main, clusters, route, rounded, reuses } } = program;
    const outputCount = outputs.length;
    const all = [...ids, ...rounded.of(ids)];
    const release = (place: number) => tensors[place]!.tensor.dispose();
    const reusing = () => callInPlace(binding.eager, main, ids, { reuses, outputCount, release });
    return {
      /** Functions that XLA still has to compile. */
      open: !isFirstCall ? [] : route === "xla" ? [main] : clusters,
      arguments: [main, all, outputCount, route] as const,
      /** Calls a program that reuses its inputs' memory. */
      reusing: reuses.length > 0 ? reusing : undefined,
      made: (ids: readonly number[]) => {
        for (const { path, tensor } of tensors) if (isConsumed(path)) tensor.dispose();
        return assemble(
          ids.map((id, index) => backend.createOutputTensor({ id, ...outputs[index]! })),
        ) as Outputs;
      },
    };
  };
  const here = (called: ReturnType<typeof call>): Outputs => {
    const go = called.reusing ?? (() => binding.eager.callFunction(...called.arguments));
    const compiles = compute.compiled !== undefined && called.open.length > 0;
    return called.made(compiles ? compute.compiled.during(called.open, go) : go());
  };
  const run = (inputs: Inputs): Outputs => here(call(inputs));
  const elsewhere = async (inputs: Inputs): Promise<Outputs> => {
    const called = call(inputs);
    // One program after the other is compiled.
    if (called.open.length > 0 || called.reusing !== undefined) return here(called);
    return called.made(await binding.eager.callFunctionElsewhere(...called.arguments));
  };
  const dispose = () => {
    for (const { functions: { main, called, rounded } } of programs.values()) {
      rounded[Symbol.dispose]();
      for (const name of [main, ...called]) binding.eager.removeFunction(name);
    }
    programs.clear();
  };
  return Object.defineProperties(run, {
    elsewhere: { value: elsewhere },
    programs: { get: () => [...programs.values()] },
    [Symbol.dispose]: { value: dispose },
  }) as Compiled<Inputs, Outputs>;
}

// deno-lint-ignore no-explicit-any
const kept = new Map<string, Compiled<any, any>>();

/**
 * As `compile`, but once per process and key: a worker process that fine-tunes with another seed, or
 * evaluates another model of the same shape, neither records nor compiles again.
 * @param options.decides everything that the function closes over, as plain data
 */
export function compileOnce<Inputs extends TensorTree, Outputs extends TensorTree>(
  compute: Compute,
  fn: (inputs: Inputs) => Outputs,
  { decides, ...options }: CompileOptions & { readonly decides: unknown },
): Compiled<Inputs, Outputs> {
  const key = JSON.stringify([options, decides]);
  const found = kept.get(key);
  if (found !== undefined) return found;
  const made = compile(compute, fn, options);
  kept.set(key, made);
  return made;
}

interface RecordOptions<Made> {
  readonly name: string;
  readonly xla: boolean;
  /** Hands the recording to TensorFlow. */
  readonly toFunctions: (
    recording: Recording,
    io: Omit<Recorded, "ops">,
    leaves: TypedLeaves,
  ) => Made;
}

/** Records a function of trees; for `compile` and `compileOnly`. */
export function record<Inputs extends TensorTree, Made>(
  compute: Compute,
  fn: (inputs: Inputs) => TensorTree,
  inputs: Inputs,
  { name, xla, toFunctions }: RecordOptions<Made>,
): RecordedTree<Made> {
  const { backend, binding } = compute;
  if (binding.recording !== undefined) {
    throw new RecordingError(
      `${name} is called while another function is being recorded; call its plain function`,
    );
  }
  const given = leaves(inputs);
  backend.getInputTensorIds(given.map(({ tensor }) => tensor)); // values still on the host go to the device, not into the graph
  const idOf = (tensor: tf.Tensor) => backend.getInputTensorIds([tensor])[0]!;
  const metadataOf = (tensor: tf.Tensor) => ({
    id: idOf(tensor),
    shape: tensor.shape,
    dtype: binding.typeOf(tensor.dtype),
  });
  using recording = new Recording(binding.native, { xla });
  binding.recording = recording;
  try {
    let program: RecordedTree<Made> | undefined;
    tf.tidy(() => {
      const placeholders = given.map(({ tensor }) => {
        const dtype = binding.typeOf(tensor.dtype);
        return backend.createOutputTensor(recording.placeholder(tensor.shape, dtype));
      });
      const taken = placeholders.map(metadataOf);
      const result = fn(replaceLeaves(inputs, placeholders) as Inputs);
      const outputs = leaves(result);
      const recorded = { inputs: taken, outputs: outputs.map(({ tensor }) => idOf(tensor)) };
      const typed = (tensors: ReturnType<typeof leaves>) =>
        tensors.map(({ path, tensor: { shape, dtype } }) => ({
          path,
          shape,
          dtype: binding.typeOf(dtype),
        }));
      const types = { inputs: typed(given), outputs: typed(outputs) };
      const shape = skeleton(result);
      program = {
        functions: toFunctions(recording, recorded, types),
        operationCount: recording.ops.length,
        outputs: types.outputs,
        assemble: (tensors) => replaceLeaves(shape, tensors),
      };
    });
    return program!;
  } finally {
    binding.recording = undefined;
  }
}

/** Hands a recording to TensorFlow, as one function or split. */
function addFunctions(
  binding: Binding,
  recording: Recording,
  io: Omit<Recorded, "ops"> & { readonly reuses: readonly Reuse[] },
  { name: programName, fuses }: { readonly name: string; readonly fuses: boolean },
): Functions {
  const { native, eager } = binding;
  const { ops, xla } = recording;
  const name = contentName(programName, { ...io, ops });
  const split = xla && hasBfloat16Instructions(binding) && hasRoundedProduct(ops)
    ? splitProgram(native, name, { ops, ...io })
    : undefined;
  const whole = split?.main ??
    recording.toFunction(name, io.inputs.map(({ id }) => id), io.outputs);
  const reuses = xla && split === undefined ? io.reuses : [];
  const main = reuses.length === 0 ? whole : inPlaceProgram(native, `${name}_in_place`, whole, {
    inputs: io.inputs,
    outputCount: io.outputs.length,
    reuses,
  });
  const called = [...split?.clusters ?? [], ...main === whole ? [] : [whole]];
  for (const { body } of [...called, main]) {
    eager.addFunction(body);
    native.c.TF_DeleteFunction(body);
  }
  return {
    main: main.name,
    clusters: split?.clusters.map(({ name }) => name) ?? [],
    called: called.map(({ name }) => name),
    route: xla && split === undefined ? "xla" : fuses ? "fused ops" : "ops",
    rounded: new RoundedInputs(eager, split?.rounded ?? []),
    reuses,
  };
}

/** A name for what was recorded and nothing else, in any process. */
export function contentName(name: string, { ops, inputs, outputs }: Recorded): string {
  const types = new Map(inputs.map((input) => [input.id, input]));
  const ids = inputs.map(({ id }) => id);
  return formName(name, { ops, inputs: ids, outputs }, (id) => types.get(id)!);
}
