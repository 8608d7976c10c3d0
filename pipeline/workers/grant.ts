/**
 * What a worker process may do: read the inputs of its stage, write the folder that it fills, and
 * beyond that only what the stage's definition declares. Deno's sandbox enforces this, except for
 * native code that a stage declares.
 */
export interface Grant {
  /** Absolute paths, each including everything below it. */
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** May call native libraries, which also read the environment and query the system. */
  readonly native: boolean;
  readonly network: boolean;
  /** Programs that it may start. */
  readonly programs: readonly string[];
}

/** Whether a process with the grant `held` may do everything in the grant `needed`. */
export function covers(held: Grant, needed: Grant): boolean {
  return (held.native || !needed.native) && (held.network || !needed.network) &&
    contains(held.read, needed.read) && contains(held.write, needed.write) &&
    contains(held.programs, needed.programs);
}

/** A grant that allows everything that any of the grants allows. */
export function union(grants: readonly Grant[]): Grant {
  return {
    read: merged(grants.map(({ read }) => read)),
    write: merged(grants.map(({ write }) => write)),
    native: grants.some(({ native }) => native),
    network: grants.some(({ network }) => network),
    programs: merged(grants.map(({ programs }) => programs)),
  };
}

/** The grant as command line options of Deno. */
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

/** Deno's options cannot contain a comma, so for such a path the folder above the comma is allowed. */
function beforeComma(path: string): string {
  const comma = path.indexOf(",");
  return comma < 0 ? path : path.slice(0, Math.max(1, path.lastIndexOf("/", comma)));
}

function contains(held: readonly string[], needed: readonly string[]): boolean {
  const set = new Set(held);
  return needed.every((each) => set.has(each));
}

function merged(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort();
}
