/** Running out of memory, which a user can fix by lowering a parameter. */

/** What decides how much memory a stage needs while it computes, for messages. */
export interface MemoryUse {
  /**
   * Numbers among its parameters: less memory with lower values. The most useful one first. Without a
   * value, the device decides it.
   */
  readonly parameters: readonly string[];
  /** What else to change with them, or what they change. */
  readonly note?: string;
}

/** Thrown where memory runs out: that of the device, or of the machine. */
export class OutOfMemory extends Error {
  /** Shown by `Deno.inspect`, in place of "Error". */
  override readonly name = "OutOfMemory";
}

/**
 * What a user can do about a stage that needs too much memory.
 *
 * @param use the parameters that decide how much it needs, if there are any
 * @param parameters of the stage, defaults included
 */
export function lowerText(
  use: MemoryUse | undefined,
  parameters: Readonly<Record<string, unknown>>,
): string {
  if (use === undefined) return "use a smaller model, or a device with more memory";
  const values = use.parameters.map((name) => {
    const value = parameters[name];
    return `\`${name}\` (${value === undefined ? "chosen by the device" : value})`;
  });
  const note = use.note === undefined ? "" : `; ${use.note}`;
  return `lower ${values.join(" or ")}, or use a smaller model or a device with more memory${note}`;
}
