import assert from "node:assert/strict";
import { silentProgress } from "../../pipeline/contract/progress.ts";
import { ensureLibrary } from "../../stages/tensorflow/library/open_library.ts";
import { fetchedFolder } from "../../stages/tensorflow/library/release.ts";
import { cleanEnvironment, projectFolder } from "../support/command.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** The fingerprint in a process with these variables. */
async function fingerprint(variables: Record<string, string>): Promise<Record<string, string>> {
  const module = JSON.stringify(import.meta.resolve("../../stages/compute.ts"));
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { computeFingerprint } from ${module};
      console.log(JSON.stringify(await computeFingerprint({ threads: 2 })));`,
    ],
    cwd: projectFolder,
    clearEnv: true,
    env: { ...cleanEnvironment(), ...variables },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.notEqual(text, "", new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

Deno.test("what a cluster sets, and the name of the library that is found anyway, change no fingerprint", async () => {
  await ensureLibrary(silentProgress);
  const expected = await fingerprint({});
  assert.equal(expected["library"], "2.21.0");
  const others = {
    TENSORFLOW_LIBRARY: fetchedFolder(),
    CUDA_VISIBLE_DEVICES: "3",
    OMP_NUM_THREADS: "7",
  };
  assert.deepEqual(await fingerprint(others), expected);
  assert.deepEqual(await fingerprint({ ONEDNN_MAX_CPU_ISA: "AVX2" }), {
    ...expected,
    ONEDNN_MAX_CPU_ISA: "AVX2",
  });
});

Deno.test("a file that only looks like the right version of the library gives another fingerprint", async () => {
  using folder = temporaryFolder();
  const packages = `${folder.path}/lib/python3.12/site-packages`;
  Deno.mkdirSync(`${packages}/tensorflow`, { recursive: true });
  Deno.mkdirSync(`${packages}/tensorflow_cpu-2.21.0.dist-info`);
  const name = Deno.build.os === "darwin" ? "libtensorflow_cc.2.dylib" : "libtensorflow_cc.so.2";
  Deno.writeTextFileSync(`${packages}/tensorflow/${name}`, "20 bytes, no library");
  // Where nothing is fetched, the Python environment is searched.
  const { library } = await fingerprint({ VIRTUAL_ENV: folder.path, XDG_CACHE_HOME: folder.path });
  assert.match(library!, /^build [0-9a-f]{12}$/);
});
