/** The kernel `WidenedHalves` (stages/model/widened_halves.ts): the same bits as float16, then a cast. */
import * as tf from "@tensorflow/tfjs-core";
import { WidenedHalves, widenedShape } from "../../model/widened_halves.ts";
import { TF_FLOAT, TF_HALF, TF_INT32 } from "../runtime/data_types.ts";
import { type OpAttribute, typeAttribute as type } from "../runtime/op_attributes.ts";
import type { KernelBackend } from "./binding.ts";

export function registerWidenedHalves(backendName: string): void {
  tf.registerKernel({
    kernelName: WidenedHalves,
    backendName,
    kernelFunc: ({ inputs, backend }) => {
      const kernels = backend as unknown as KernelBackend;
      const { binding } = kernels;
      const pairs = inputs["pairs"]!;
      const shape = widenedShape(pairs.shape);
      const run = (name: string, attributes: OpAttribute[], given: number[]) =>
        binding.executeOp(name, attributes, given, 1)[0]!.id;
      const [id] = kernels.getInputTensorIds([pairs]);
      const halves = run("Bitcast", [type("T", TF_INT32), type("type", TF_HALF)], [id!]);
      const floats = run("Cast", [type("SrcT", TF_HALF), type("DstT", TF_FLOAT)], [halves]);
      const to = binding.createTensor([shape.length], TF_INT32, shape);
      const widened = run("Reshape", [type("T", TF_FLOAT), type("Tshape", TF_INT32)], [floats, to]);
      for (const made of [halves, floats, to]) binding.deleteTensor(made);
      return kernels.createOutputTensor({ id: widened, shape, dtype: TF_FLOAT });
    },
  });
}
