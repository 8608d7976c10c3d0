/** A folder that is gone after the test, with a space in its path. */
export interface TemporaryFolder extends Disposable {
  readonly path: string;
}

export function temporaryFolder(): TemporaryFolder {
  const path = Deno.makeTempDirSync({ prefix: "a b " });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
