import assert from "node:assert/strict";
import {
  decisiveVariables,
  variablesFor,
} from "../../../../stages/tensorflow/library/variables.ts";
import { madeLibrary } from "../../../support/made_library.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

/** Of each kind, with what it would do to results. */
const environment = {
  XLA_FLAGS: "--xla_cpu_enable_fast_math=true",
  TF_ENABLE_ONEDNN_OPTS: "0",
  ONEDNN_MAX_CPU_ISA: "AVX2",
  DNNL_DEFAULT_FPMATH_MODE: "bf16",
  GLIBC_TUNABLES: "glibc.cpu.hwcaps=-AVX2_Usable",
};
const onGpus = {
  NVIDIA_TF32_OVERRIDE: "1",
  CUBLAS_WORKSPACE_CONFIG: ":16:8",
  TF_CUDNN_USE_AUTOTUNE: "0",
};
/** What clusters, terminals and other programs set. */
const irrelevant = {
  CUDA_VISIBLE_DEVICES: "3",
  CUDA_HOME: "/usr/local/cuda",
  OMP_NUM_THREADS: "8",
  MKL_NUM_THREADS: "8",
  TF_CPP_MIN_LOG_LEVEL: "0",
  TF_CONFIG: "{}",
  TF_NUM_INTRAOP_THREADS: "8",
  TF_FORCE_GPU_ALLOW_GROWTH: "true",
  TF_VAR_region: "eu", // Terraform's
  ONEDNN_VERBOSE: "1",
  TENSORFLOW_LIBRARY: "/opt/lib",
  HOME: "/home/u",
};

Deno.test("variables that change how numbers are computed are decisive, those of GPUs only on one", () => {
  const all = { ...irrelevant, ...environment, ...onGpus };
  const names = (device: "cpu" | "gpu") => Object.keys(decisiveVariables(all, { device }));
  assert.deepEqual(names("cpu"), Object.keys(environment).sort());
  assert.deepEqual(names("gpu"), Object.keys({ ...environment, ...onGpus }).sort());
});

Deno.test("a variable that is set to what the program sets itself decides nothing", () => {
  using folder = temporaryFolder();
  const { library } = madeLibrary(folder.path, { cuda: true });
  const set = variablesFor(library, { get: () => undefined });
  assert.equal(set["NVIDIA_TF32_OVERRIDE"], "0");
  assert.match(
    set["XLA_FLAGS"]!,
    /deterministic_ops=true .*determinism_expander=true .*triton_gemm=false/,
  );
  assert.deepEqual(decisiveVariables(set, { device: "gpu" }), {});
  assert.deepEqual(decisiveVariables({ TF_DETERMINISTIC_OPS: "0" }, { device: "cpu" }), {
    TF_DETERMINISTIC_OPS: "0",
  });
});

Deno.test("the user's flags of XLA are kept, come first, and alone decide a key", () => {
  using folder = temporaryFolder();
  const { library } = madeLibrary(folder.path, { cuda: true });
  const theirs = { XLA_FLAGS: "--xla_gpu_deterministic_ops=false --xla_dump_to=/tmp/hlo" };
  const { XLA_FLAGS: flags } = variablesFor(library, new Map(Object.entries(theirs)));
  assert.match(
    flags!,
    /^--xla_gpu_deterministic_ops=false --xla_dump_to=\/tmp\/hlo --xla_gpu_enable/,
  );
  assert.doesNotMatch(flags!, /deterministic_ops=true/);
  const decisive = { XLA_FLAGS: "--xla_gpu_deterministic_ops=false" };
  assert.deepEqual(decisiveVariables(theirs, { device: "gpu" }), decisive);
  // The process of a stage is given all of them, and adds none a second time.
  assert.equal(variablesFor(library, new Map([["XLA_FLAGS", flags!]]))["XLA_FLAGS"], flags);
  const { library: plain } = madeLibrary(`${folder.path}/cpu`, { cuda: false });
  assert.equal(variablesFor(plain, new Map(Object.entries(theirs)))["XLA_FLAGS"], undefined);
});
