import assert from "node:assert/strict";
import { dirname } from "node:path";
import {
  compiledFolder,
  processorFacts,
} from "../../../../stages/tensorflow/library/compiled_folder.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

/** As Linux shows it for one of two equal processors. */
const cpuinfo = (flags: string, { model = "207", mhz = "2100.000" } = {}) =>
  [0, 1].map((number) =>
    [
      `processor\t: ${number}`,
      "vendor_id\t: GenuineIntel",
      `model\t\t: ${model}`,
      "model name\t: Intel(R) Xeon(R) Processor",
      `cpu MHz\t\t: ${mhz}`,
      `flags\t\t: ${flags}`,
      "bugs\t\t: spectre_v1",
      "",
    ].join("\n")
  ).join("\n");

/** The folder with these variables, of a library whose two files are in a new folder. */
function folders(root: string) {
  const suffix = Deno.build.os === "darwin" ? "2.dylib" : "so.2";
  const path = `${root}/libtensorflow_cc.${suffix}`;
  Deno.writeTextFileSync(path, "library");
  Deno.writeTextFileSync(`${root}/libtensorflow_framework.${suffix}`, "framework");
  return {
    path,
    of: (more: Record<string, string> = {}, processor = cpuinfo("fpu avx2")) => {
      const all: Record<string, string> = { HOME: "/home/u", ...more };
      const environment = { get: (name: string) => all[name], toObject: () => all };
      return compiledFolder(
        { path, place: "test" },
        environment as typeof Deno.env,
        () => processorFacts(processor),
      );
    },
  };
}

Deno.test("the folder of compiled functions is one of the processor, the library, and decisive variables", () => {
  using root = temporaryFolder();
  const { path, of } = folders(root.path);
  const first = of();
  assert.match(first!, /^\/home\/u\/\.cache\/cross-modal-iais\/compiled\/[0-9a-f]{16}$/);
  const others = [
    of({}, cpuinfo("fpu avx2 avx512f")),
    of({}, cpuinfo("fpu")),
    of({}, cpuinfo("fpu avx2", { model: "85" })),
    of({ XLA_FLAGS: "--xla_cpu_enable_fast_math=true" }),
    of({ TF_XLA_FLAGS: "--tf_xla_max_cluster_size=3" }),
  ];
  Deno.utimeSync(path, 1, 1); // another build with as many bytes
  others.push(of());
  assert.equal(new Set([first, ...others]).size, 7);
  for (const other of others) assert.equal(dirname(other!), dirname(first!));
});

Deno.test("present speeds and irrelevant variables do not change the folder of compiled functions", () => {
  using root = temporaryFolder();
  const { of } = folders(root.path);
  assert.equal(of({ CUDA_VISIBLE_DEVICES: "1" }, cpuinfo("fpu avx2", { mhz: "3700.1" })), of());
  // What this program has set itself, in the process or in its parent.
  const own = "--tf_xla_persistent_cache_directory=ram://compiled_programs " +
    "--tf_xla_persistent_cache_device_types=CPU";
  assert.equal(of({ TF_XLA_FLAGS: own }), of());
  assert.equal(of({ XDG_CACHE_HOME: "/x" }), of()!.replace("/home/u/.cache", "/x"));
});

Deno.test("the folder of compiled functions can be given to a process, and switched off by the user", () => {
  using root = temporaryFolder();
  const { of } = folders(root.path);
  assert.equal(of({ IAIS_COMPILED_FOLDER: "/given" }), "/given");
  assert.equal(of({ IAIS_COMPILED_FOLDER: "/given", IAIS_COMPILE_CACHE: "off" }), undefined);
  assert.equal(of({ IAIS_COMPILE_CACHE: "" }), of());
  assert.throws(() => of({ IAIS_COMPILE_CACHE: "of" }), {
    message: 'the environment variable IAIS_COMPILE_CACHE is "of"',
    fix: "set it to off to compile programs in every process, or unset it to keep what is compiled",
  });
});
