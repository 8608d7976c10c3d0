/**
 * What a worker process may do: read what its stage reads, write the folder it fills, and beyond
 * that only what the stage's definition declares. Deno holds it to that. Native code that a stage
 * declares is beyond that hold: the rest of the stage is not.
 */

export interface Grant {
  /** Absolute paths, with everything below them. */
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** Native libraries; they read the environment and ask the system about itself. */
  readonly native: boolean;
  readonly network: boolean;
  /** Programs that it may start. */
  readonly programs: readonly string[];
}

export function covers(held: Grant, wanted: Grant): boolean {
  return (held.native || !wanted.native) && (held.network || !wanted.network) &&
    contains(held.read, wanted.read) && contains(held.write, wanted.write) &&
    contains(held.programs, wanted.programs);
}

/** Everything that any of them allows. */
export function union(grants: readonly Grant[]): Grant {
  return {
    read: merged(grants.map(({ read }) => read)),
    write: merged(grants.map(({ write }) => write)),
    native: grants.some(({ native }) => native),
    network: grants.some(({ network }) => network),
    programs: merged(grants.map(({ programs }) => programs)),
  };
}

/** Deno's command line options for it. */
export function permissionFlags({ read, write, native, network, programs }: Grant): string[] {
  const listed = (name: string, values: readonly string[]) =>
    values.length === 0 ? [] : [`--allow-${name}=${values.map(beforeComma).join(",")}`];
  return [
    "--no-prompt",
    ...listed("read", read),
    ...listed("write", write),
    ...listed("run", programs),
    ...(native ? ["--allow-ffi", "--allow-env", "--allow-sys"] : []),
    ...(network ? ["--allow-net"] : []),
  ];
}

/** The option cannot write a comma: of such a path, the folder above the comma is allowed. */
function beforeComma(path: string): string {
  const comma = path.indexOf(",");
  return comma < 0 ? path : path.slice(0, Math.max(1, path.lastIndexOf("/", comma)));
}

function contains(held: readonly string[], wanted: readonly string[]): boolean {
  const set = new Set(held);
  return wanted.every((each) => set.has(each));
}

function merged(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort();
}
