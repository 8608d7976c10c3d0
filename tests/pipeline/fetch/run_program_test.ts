import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { runProgram } from "../../../pipeline/fetch/run_program.ts";
import { projectFolder } from "../../support/command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const run = (command: readonly [string, ...string[]], folder = Deno.cwd()) =>
  runProgram(command, { folder, environment: { GREETING: "hello" } });

Deno.test("a program that ends with 0 is done, and gets variables and a working folder", async () => {
  using folder = temporaryFolder();
  const ending = await run(["sh", "-c", 'echo "$GREETING" > said; test ! -t 0'], folder.path);
  assert.deepEqual(ending, { type: "done" });
  assert.equal(Deno.readTextFileSync(`${folder.path}/said`), "hello\n");
});

Deno.test("a program that fails gives its last lines as the reason", async () => {
  const lines = "echo 1 >&2; echo 2 >&2; echo 3 >&2; echo 4 >&2";
  assert.deepEqual(await run(["sh", "-c", `${lines}; exit 3`]), {
    type: "failed",
    reason: "2 3 4",
  });
  assert.deepEqual(await run(["sh", "-c", "exit 3"]), { type: "failed", reason: "exit code 3" });
});

Deno.test("a program that a signal ended has failed, also if it printed nothing", async () => {
  assert.deepEqual(await run(["sh", "-c", "kill -9 $$"]), {
    type: "failed",
    reason: "it was ended by SIGKILL",
  });
});

Deno.test("a program that is not installed is reported as such", async () => {
  assert.deepEqual(await run(["no-such-program-here"]), { type: "not installed" });
});

Deno.test("a program ends when the process that started it is killed", async () => {
  using folder = temporaryFolder();
  const mark = `${folder.path}/running`;
  const code = `import { runProgram } from "${projectFolder}pipeline/fetch/run_program.ts";\n` +
    `await runProgram(["sh", "-c", "echo $$ > running; exec sleep 60"], ` +
    `{ folder: ${JSON.stringify(folder.path)}, environment: {} });`;
  const starter = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--config", `${projectFolder}deno.json`, "--ext=ts", "-"],
    stdin: "piped",
  }).spawn();
  const input = starter.stdin.getWriter();
  await input.write(new TextEncoder().encode(code));
  await input.close();
  await until(() => existsSync(mark) && Deno.readTextFileSync(mark) !== "");
  const pid = Number(Deno.readTextFileSync(mark));
  assert.ok(isAlive(pid));
  starter.kill("SIGKILL");
  await starter.status;
  await until(() => !isAlive(pid));
});

function isAlive(pid: number): boolean {
  try {
    Deno.kill(pid, 0 as unknown as Deno.Signal);
    return true;
  } catch {
    return false;
  }
}

async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 20) {
    assert.ok(waited < 20_000, "it did not happen within 20 seconds");
    await delay(20);
  }
}
