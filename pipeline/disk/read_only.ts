/** Results can be read where they cannot be written; what a command only remembers is then left out. */

/** Tries to write; a read-only results folder is not an error. */
export function unlessReadOnly(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isReadOnly(error)) throw error;
  }
}

export function isReadOnly(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? "";
  return error instanceof Deno.errors.PermissionDenied ||
    ["EACCES", "EPERM", "EROFS"].includes(code);
}
