/** XLA's cache of compiled functions, as flags in the variable TF_XLA_FLAGS. */
import { readFlags, withFlags } from "./xla_flags.ts";

/**
 * The variable with which XLA looks for compiled functions in a folder, and writes them there; undefined
 * if the user has given another folder, or a file of flags.
 */
export function withCompileCache(value: string | undefined, folder: string): string | undefined {
  if (namesFile(value)) return undefined;
  const flags = withFlags(value, [
    `${start}directory=${folder}`,
    `${start}device_types=CPU`,
  ]);
  return readFlags(flags).includes(`${start}directory=${folder}`) ? flags : undefined;
}

/** The variable without the cache, which changes no number. */
export function withoutCompileCache(value: string): string {
  if (namesFile(value)) return value;
  return readFlags(value).filter((flag) => !flag.startsWith(start)).join(" ");
}

const start = "--tf_xla_persistent_cache_";

function namesFile(value: string | undefined): boolean {
  return /^\s*[^\s-]/.test(value ?? "");
}
