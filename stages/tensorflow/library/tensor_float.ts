/**
 * Switches TensorFloat-32 off. Since Ampere, GPUs round the factors of float32 products to 10 bits of 23
 * unless told otherwise. TensorFlow has one switch, which XLA reads too: with it off, the products of a
 * program are recorded with the highest precision. Only C++ and Python have a function for it, so it is
 * called by its C++ name. NVIDIA_TF32_OVERRIDE=0, which is set as well, covers NVIDIA's own libraries.
 */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { libraryFiles } from "./library_identity.ts";

// deno-fmt-ignore
const symbols = {
  enable: { name: "_ZN3tsl32enable_tensor_float_32_executionEb", parameters: ["bool"], result: "void", optional: true },
  enabled: { name: "_ZN3tsl33tensor_float_32_execution_enabledEv", parameters: [], result: "bool", optional: true },
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * For the whole process, whose library must be open.
 *
 * @throws Complaint if the build has no such switch
 */
export function disableTensorFloat(libraryPath: string): void {
  for (const file of libraryFiles({ path: libraryPath }).toReversed()) {
    const library = Deno.dlopen(file, symbols);
    const { enable, enabled } = library.symbols;
    if (enable === null || enabled === null) {
      library.close();
      continue;
    }
    enable(false);
    if (enabled()) throw new Error("internal: TensorFloat-32 cannot be switched off");
    return; // it stays open, as TensorFlow does
  }
  throw new Complaint(
    "this build of TensorFlow has no switch for TensorFloat-32, so float32 would not be float32",
    "use the build that this command fetches: deno task setup --gpu",
    { place: { file: libraryPath }, exitCode: 1 },
  );
}
