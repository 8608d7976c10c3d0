/**
 * A program that runs another one, named by its arguments, and kills it when its own standard input
 * ends: when the process that started it is gone. Deno cannot ask the system for that. The exit code
 * is the other program's; 127 if it is not installed.
 */
const [program, ...args] = Deno.args;

try {
  const child = new Deno.Command(program!, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  whenInputEnds(() => child.kill("SIGKILL"));
  const { code, signal } = await child.status;
  if (signal !== null) console.error(`it was ended by ${signal}`);
  Deno.exit(code);
} catch (error) {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
  Deno.exit(127);
}

async function whenInputEnds(then: () => void): Promise<void> {
  for await (const _ of Deno.stdin.readable); // nothing is ever written to it
  then();
}
