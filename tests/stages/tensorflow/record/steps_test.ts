/** Steps of a recording: worked examples, and properties over random recordings. */
import assert from "node:assert/strict";
import { randomStream } from "../../../../pipeline/contract/random_stream.ts";
import {
  formOf,
  type RecordedOp,
  type Step,
  stepsOf,
  withoutRepetitions,
} from "../../../../stages/tensorflow/record/steps.ts";

const type = { shape: [2, 2], dtype: 1 };
const op = (name: string, inputs: number[], output: number): RecordedOp => ({
  name,
  attributes: [],
  inputs,
  outputs: [{ id: output, ...type, shape: [...type.shape] }],
});
const constant = (output: number, values = [output]): RecordedOp => ({
  ...op("Const", [], output),
  values,
});
const isProduct = ({ name }: RecordedOp) => name === "Product";
const rules = {
  alone: isProduct,
  cost: ({ name }: RecordedOp) => name === "Add" ? 1 : undefined,
};
const shown = (steps: readonly Step[]) =>
  steps.map(({ ops, inputs, outputs }) =>
    `${ops.map(({ name }) => name).join(" ")}: ${inputs} -> ${outputs}`
  );

Deno.test("an op waits until a product needs it, with all others that the product needs", () => {
  // 1 is the input, 2 and 3 are weights; 10 and 11 are products of queries and keys, 20 of both.
  const ops = [
    op("Product", [1, 2], 10),
    constant(4),
    op("Bias", [10, 4], 12),
    op("Product", [1, 3], 11),
    op("Bias", [11, 4], 13),
    op("Product", [12, 13], 20),
    op("Softmax", [20], 21),
    op("Unused", [20], 22),
  ];
  assert.deepEqual(shown(stepsOf(ops, [21, 12], rules)), [
    "Product: 1,2 -> 10",
    "Product: 1,3 -> 11",
    "Const Bias Bias: 10,11 -> 12,13",
    "Product: 12,13 -> 20",
    "Softmax: 20 -> 21",
  ]);
});

Deno.test("equal layers have one form, whatever their ids; another shape or constant has another", () => {
  const layer = (first: number, value: number) => [
    constant(first, [value]),
    op("Bias", [first - 1, first], first + 1),
    op("Norm", [first + 1], first + 2),
  ];
  const form = (ops: RecordedOp[], input: number, shape = [2, 2]) =>
    formOf(stepsOf(ops, [ops.at(-1)!.outputs[0]!.id], rules)[0]!, (id) => {
      assert.equal(id, input);
      return { shape, dtype: 1 };
    });
  assert.equal(form(layer(10, 5), 9), form(layer(70, 5), 69));
  assert.notEqual(form(layer(10, 5), 9), form(layer(10, 6), 9));
  assert.notEqual(form(layer(10, 5), 9), form(layer(10, 5), 9, [4, 2]));
});

Deno.test("what is computed twice from the same inputs is computed once", () => {
  const ops = [
    constant(2, [7]),
    constant(3, [7]),
    op("Cast", [1], 10),
    op("Add", [10, 2], 11),
    op("Cast", [1], 12),
    op("Add", [12, 3], 13),
    op("Mul", [11, 13], 14),
  ];
  const { ops: kept, outputs } = withoutRepetitions(ops, [14, 13]);
  assert.deepEqual(kept.map(({ name }) => name), ["Const", "Cast", "Add", "Mul"]);
  assert.deepEqual(kept.at(-1)!.inputs, [11, 11]);
  assert.deepEqual(outputs, [14, 11]);
  const integer = { ...constant(3, [7]), outputs: [{ id: 3, shape: [2, 2], dtype: 3 }] };
  assert.equal(withoutRepetitions([constant(2, [7]), integer], [2, 3]).ops.length, 2);
});

Deno.test("a sum is computed with what it sums, not when it is needed", () => {
  const sum: RecordedOp = { ...op("Sum", [11], 30), outputs: [{ id: 30, shape: [1], dtype: 1 }] };
  const ops = [
    op("Product", [1, 2], 10),
    op("Exp", [10], 11),
    op("Product", [11, 2], 12),
    sum,
    op("Exp", [11], 31),
  ];
  assert.deepEqual(shown(stepsOf(ops, [12, 30, 31], rules)), [
    "Product: 1,2 -> 10",
    "Exp Sum: 10 -> 11,30",
    "Product: 11,2 -> 12",
    "Exp: 11 -> 31",
  ]);
});

Deno.test("what a few cheap ops make is computed again, and longer chains are kept", () => {
  const chain = (length: number) => {
    const adds = Array.from({ length }, (_, i) => op("Add", [10 + i, 3], 11 + i));
    const last = 10 + length;
    return [
      op("Product", [1, 2], 10),
      ...adds,
      op("Exp", [last], 40),
      op("Product", [40, 2], 41),
      op("Mul", [41, last], 42),
    ];
  };
  const add = (count: number) => "Add ".repeat(count);
  assert.deepEqual(shown(stepsOf(chain(6), [42], rules)), [
    "Product: 1,2 -> 10",
    `${add(6)}Exp: 10,3 -> 40`,
    "Product: 40,2 -> 41",
    `${add(6)}Mul: 10,3,41 -> 42`,
  ]);
  assert.deepEqual(shown(stepsOf(chain(7), [42], rules)), [
    "Product: 1,2 -> 10",
    `${add(7)}Exp: 10,3 -> 17,40`,
    "Product: 40,2 -> 41",
    "Mul: 41,17 -> 42",
  ]);
});

Deno.test("random recordings: steps compute the same values from what they say they read", () => {
  const inputs = 4;
  const value = ({ name, inputs, outputs }: RecordedOp, of: (id: number) => number) =>
    inputs.reduce((sum, id, place) => sum + (place + 2) * of(id), name.length) % 1009 +
    outputs[0]!.shape.length;
  for (let round = 0; round < 300; round++) {
    const random = randomStream(round);
    const below = (limit: number, draw: number) => Math.floor(random.uniform(draw) * limit);
    const ops: RecordedOp[] = [];
    for (let i = 0; i < 50; i++) {
      const known = inputs + i;
      const drawn = [0, 1].map((n) => below(known, 8 * i + n));
      const name = ["Const", "Product", "Product", "Sum", "Exp", "Add", "Add", "Add"][
        below(8, 8 * i + 5)
      ]!;
      const made = name === "Const" ? constant(known) : op(name, drawn, known);
      const shape = name === "Sum" ? [1] : [2, 2];
      ops.push({ ...made, outputs: [{ id: known, shape, dtype: 1 }] });
    }
    const wanted = new Map(Array.from({ length: inputs }, (_, id) => [id, 100 + id]));
    for (const op of ops) {
      wanted.set(
        op.outputs[0]!.id,
        op.values === undefined ? value(op, (id) => wanted.get(id)!) : 7,
      );
    }
    const outputs = [inputs + 49, inputs + 20, inputs + 20, 1];
    const there = new Map([...wanted].slice(0, inputs));
    for (const step of stepsOf(ops, outputs, rules)) {
      const inside = new Map(step.inputs.map((id) => {
        assert.ok(there.has(id), `round ${round}: ${id} is read before it is there`);
        return [id, there.get(id)!];
      }));
      for (const op of step.ops) {
        const read = (id: number) => {
          assert.ok(inside.has(id), `round ${round}: ${id} is not declared as an input`);
          return inside.get(id)!;
        };
        inside.set(op.outputs[0]!.id, op.values === undefined ? value(op, read) : 7);
      }
      const products = step.ops.filter(isProduct).length;
      assert.equal(products, step.alone ? 1 : 0);
      for (const id of step.outputs) {
        assert.ok(!there.has(id), `round ${round}: ${id} is an output twice`);
        there.set(id, inside.get(id)!);
      }
    }
    for (const id of outputs) {
      const isConstant = ops[id - inputs]?.values !== undefined;
      if (!isConstant) assert.equal(there.get(id), wanted.get(id), `round ${round}`);
    }
  }
});
