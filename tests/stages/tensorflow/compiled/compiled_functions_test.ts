import assert from "node:assert/strict";
import { silentProgress } from "../../../../pipeline/contract/progress.ts";
import { permissionFlags } from "../../../../pipeline/workers/grant.ts";
import { CompiledFunctions } from "../../../../stages/tensorflow/compiled/compiled_functions.ts";
import type { MemoryFiles } from "../../../../stages/tensorflow/compiled/memory_files.ts";
import { ensureLibrary } from "../../../../stages/tensorflow/library/open_library.ts";
import { fetchedFolder } from "../../../../stages/tensorflow/library/release.ts";
import { cleanEnvironment, projectFolder } from "../../../support/command.ts";
import { testCompute } from "../../../support/compute.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";
import type { TinyAnswer } from "../../../support/tiny_program.ts";

/** Compiles in a process with these permissions. */
async function compileIn(
  permissions: readonly string[],
  environment: Record<string, string>,
): Promise<TinyAnswer & { err: string }> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", ...permissions, "tests/support/tiny_program.ts"],
    cwd: projectFolder,
    clearEnv: true,
    env: { ...cleanEnvironment(), TENSORFLOW_LIBRARY: fetchedFolder(), ...environment },
  }).output();
  const err = new TextDecoder().decode(stderr);
  assert.notEqual(stdout.length, 0, err);
  return { ...JSON.parse(new TextDecoder().decode(stdout)), err };
}

Deno.test("what a process with a worker's permissions compiles, another process finds, and computes the same bits", async () => {
  await ensureLibrary(silentProgress);
  using cache = temporaryFolder();
  const folder = `${cache.path}/cross-modal-iais/compiled`;
  const given = { XDG_CACHE_HOME: cache.path, DENO_DIR: denoFolder() };
  // With the folder's own name, since a worker cannot look at the processor.
  const accessOf = `import { computeAccess } from "./stages/compute.ts";
    console.log(JSON.stringify(computeAccess()));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", accessOf],
    cwd: projectFolder,
    clearEnv: true,
    env: { ...cleanEnvironment(), TENSORFLOW_LIBRARY: fetchedFolder(), ...given },
  }).output();
  const { reads, writes, environment } = JSON.parse(new TextDecoder().decode(stdout));
  assert.deepEqual(writes, [folder]);
  const narrow = permissionFlags({
    read: [...reads, projectFolder],
    write: writes,
    native: true,
    network: false,
    programs: [],
  });
  const first = await compileIn(narrow, { ...given, ...environment });
  assert.equal(first.counts?.found, 0);
  const [own] = [...Deno.readDirSync(folder)];
  const made = [...Deno.readDirSync(`${folder}/${own!.name}`)].map(({ name }) => name).sort();
  assert.equal(made.length, first.counts!.compiled);
  assert.ok(made.length >= 2, "a program in each precision");

  // One is damaged: it is compiled again. The others are used.
  const damaged = `${folder}/${own!.name}/${made[0]}`;
  const intact = Deno.readFileSync(damaged);
  Deno.writeFileSync(damaged, intact.subarray(0, intact.length / 2));
  const second = await compileIn(["-A"], given);
  assert.deepEqual(second.counts, { found: made.length - 1, compiled: 1 });
  assert.equal(second.digest, first.digest);
  assert.ok(Deno.statSync(damaged).size > intact.length / 2);
  assert.doesNotMatch(second.err, /^E\d{4} /m);

  const alone = await compileIn(["-A"], { ...given, IAIS_COMPILE_CACHE: "off" });
  assert.deepEqual([alone.digest, alone.counts], [first.digest, null]);
});

/** Where Deno keeps packages, also when the user's cache is elsewhere. */
function denoFolder(): string {
  const { HOME, XDG_CACHE_HOME, DENO_DIR } = Deno.env.toObject();
  return DENO_DIR ?? `${XDG_CACHE_HOME ?? `${HOME}/.cache`}/deno`;
}

/** Files in memory, without TensorFlow. */
function memory(files: Map<string, Uint8Array>): MemoryFiles {
  return {
    names: () => [...files.keys()],
    read: (name: string) => files.get(name)!,
    write: (name: string, bytes: Uint8Array) => files.set(name, bytes),
    remove: (name: string) => files.delete(name),
  } as unknown as MemoryFiles;
}

Deno.test("functions are told apart by their names, given once, and forgotten if the call fails", async () => {
  const { binding } = await testCompute();
  using root = temporaryFolder();
  const process = () => {
    const files = new Map<string, Uint8Array>();
    return { files, functions: new CompiledFunctions(binding, memory(files), `${root.path}/x`) };
  };
  const content = (name: string) => new TextEncoder().encode(`key ${name}[must compile] code`);
  const names = ["cluster_1", "cluster_2"];
  const first = process();
  first.functions.during(names, () => {
    assert.deepEqual([...first.files], []);
    for (const name of [...names].reverse()) first.files.set(`xla_${name}.pb`, content(name));
    first.files.set("xla_other.pb", content("cluster_9")); // of no function of this program
  });
  assert.deepEqual(first.files.size, 0);
  first.functions.during(names, () => assert.deepEqual([...first.files], [])); // XLA has them
  const second = process();
  second.functions.during(["cluster_2"], () => {
    assert.deepEqual([...second.files], [["xla_cluster_2.pb", content("cluster_2")]]);
  });
  const third = process();
  const failing = () => {
    throw new Error("no such instruction");
  };
  assert.throws(() => third.functions.during(names, failing), /no such instruction/);
  assert.deepEqual([...third.files], []);
  assert.deepEqual([...Deno.readDirSync(`${root.path}/x`)], []);
});
