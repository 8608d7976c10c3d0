/**
 * Where functions that XLA compiled are kept for other processes: in the user's cache, in a folder for
 * this processor, this build of the library and the variables that change what it computes. Machine
 * code that was compiled for another processor could end a process, or round differently.
 */
import { createHash } from "node:crypto";
import { cpus } from "node:os";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { cacheFolder } from "../../../pipeline/contract/pinned_package.ts";
import { libraryFiles } from "./library_identity.ts";
import type { FoundLibrary } from "./search_library.ts";
import { decisiveVariables } from "./variables.ts";

/** The user's variable: `off` compiles everything in every process. */
const switchVariable = "IAIS_COMPILE_CACHE";

/** Tells a process without permission to look at the processor which folder is its own. */
export const folderVariable = "IAIS_COMPILED_FOLDER";

type Environment = Pick<typeof Deno.env, "get" | "toObject">;

/**
 * The folder of this machine, one level below the folder of all; undefined if the user wants none.
 * @throws Complaint if the user's variable has a value without a meaning
 */
export function compiledFolder(
  found: FoundLibrary,
  environment: Environment = Deno.env,
  processor: () => string = thisProcessor,
): string | undefined {
  const wish = environment.get(switchVariable) ?? "";
  if (wish === "off") return undefined;
  if (wish !== "") {
    throw new Complaint(
      `the environment variable ${switchVariable} is ${JSON.stringify(wish)}`,
      "set it to off to compile programs in every process, or unset it to keep what is compiled",
    );
  }
  const given = environment.get(folderVariable);
  if (given !== undefined && given !== "") return given;
  const decides = [
    "compiled 1",
    processor(),
    libraryFiles(found).map((path) => {
      const { size, mtime } = Deno.statSync(path);
      return [size, mtime?.getTime() ?? 0];
    }),
    decisiveVariables(environment.toObject(), { device: "cpu" }),
  ];
  const digest = createHash("sha256").update(JSON.stringify(decides)).digest("hex").slice(0, 16);
  return `${cacheFolder((name) => environment.get(name))}/compiled/${digest}`;
}

function thisProcessor(): string {
  try {
    return processorFacts(Deno.readTextFileSync("/proc/cpuinfo"));
  } catch {
    return `${Deno.build.arch} ${cpus()[0]?.model ?? ""}`; // not Linux
  }
}

/** Model and instructions of all processors, without their present speeds. */
export function processorFacts(cpuinfo: string): string {
  const facts = cpuinfo.split("\n").filter((line) =>
    /^(vendor_id|cpu family|model|model name|stepping|flags|Features|CPU \w+)\s*:/.test(line)
  );
  return [...new Set(facts)].sort().join("\n");
}
