/** The kernel `RoundedMatMul` (stages/model/matrix_product.ts): a bfloat16 product between casts. */
import * as tf from "@tensorflow/tfjs-core";
import { RoundedMatMul, type RoundedMatMulAttrs } from "../model/matrix_product.ts";
import type { KernelBackend } from "./backend.ts";
import { TF_BFLOAT16, TF_FLOAT } from "./data_types.ts";
import { attributeKinds } from "./op_attributes.ts";

export function registerRoundedMatMul(backendName: string): void {
  tf.registerKernel({
    kernelName: RoundedMatMul,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const kernels = backend as unknown as KernelBackend;
      const { binding } = kernels;
      const { transposeA, transposeB } = attrs as unknown as RoundedMatMulAttrs;
      const cast = (id: number, from: number, to: number) =>
        binding.executeOp("Cast", [type("SrcT", from), type("DstT", to)], [id], 1)[0]!;
      const factors = kernels.getInputTensorIds([inputs["a"]!, inputs["b"]!])
        .map((id) => cast(id, TF_FLOAT, TF_BFLOAT16).id);
      const [product] = binding.executeOp(
        "BatchMatMulV2",
        [
          type("T", TF_BFLOAT16),
          flag("adj_x", transposeA),
          flag("adj_y", transposeB),
        ],
        factors,
        1,
      );
      const result = cast(product!.id, TF_BFLOAT16, TF_FLOAT);
      for (const id of [...factors, product!.id]) binding.deleteTensor(id);
      return kernels.createOutputTensor(result);
    },
  });
}

const type = (name: string, value: number) => ({ name, type: attributeKinds.TF_ATTR_TYPE, value });
const flag = (name: string, value: boolean) => ({ name, type: attributeKinds.TF_ATTR_BOOL, value });
