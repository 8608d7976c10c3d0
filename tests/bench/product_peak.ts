/**
 * What this processor's matrix products reach, as a process of its own: multiplications and additions
 * per second of the fastest of many products of a transformer's size, through TensorFlow (oneDNN).
 * Argument: the number of threads. Prints a line of JSON.
 */
import { startCompute } from "../../stages/tensorflow/kernels/backend.ts";
import { ensureLibrary } from "../../stages/tensorflow/library/open_library.ts";
import { TF_BFLOAT16, TF_FLOAT } from "../../stages/tensorflow/runtime/data_types.ts";
import { boolAttribute, typeAttribute } from "../../stages/tensorflow/runtime/op_attributes.ts";
import { spreadNumbers } from "./workload.ts";

export interface ProductPeak {
  readonly processor: string;
  /** Of those that decide the speed of products. */
  readonly features: readonly string[];
  /** Operations per second. */
  readonly float32: number;
  readonly bfloat16: number;
}

const [rows, inner, columns] = [1024, 1024, 4096];

if (import.meta.main) {
  await ensureLibrary({ report() {}, say: (line) => console.error(line) });
  const { binding: { eager } } = await startCompute({ threads: Number(Deno.args[0]) });
  const factors = [[rows, inner], [inner, columns]].map((shape, seed) =>
    eager.createTensor(shape, TF_FLOAT, spreadNumbers(shape[0]! * shape[1]!, seed))
  );
  const peak = (type: number): number => {
    const cast = [typeAttribute("SrcT", TF_FLOAT), typeAttribute("DstT", type)];
    const typed = factors.map((id) => eager.execute("Cast", cast, [id], 1)[0]!.id);
    const product = [
      typeAttribute("T", type),
      boolAttribute("transpose_a", false),
      boolAttribute("transpose_b", false),
    ];
    const seconds = Array.from({ length: 60 }, () => {
      const begun = performance.now();
      eager.deleteTensor(eager.execute("MatMul", product, typed, 1)[0]!.id);
      return (performance.now() - begun) / 1000;
    });
    return 2 * rows * inner * columns / Math.min(...seconds);
  };
  const made: ProductPeak = {
    ...processor(),
    float32: peak(TF_FLOAT),
    bfloat16: peak(TF_BFLOAT16),
  };
  console.log(JSON.stringify(made));
  Deno.exit(0);
}

/** Name and features, as far as the system tells. */
function processor(): Pick<ProductPeak, "processor" | "features"> {
  try {
    const info = Deno.readTextFileSync("/proc/cpuinfo");
    const flags = new Set(/^flags\s*:\s*(.*)$/m.exec(info)?.[1]?.split(" "));
    const named = ["avx2", "avx512f", "avx512_bf16", "amx_bf16"];
    return {
      processor: /^model name\s*:\s*(.*)$/m.exec(info)?.[1] ?? Deno.build.arch,
      features: named.filter((name) => flags.has(name)),
    };
  } catch {
    return { processor: Deno.build.arch, features: [] };
  }
}
