import assert from "node:assert/strict";
import {
  decisiveVariables,
  hidesGpus,
  variableDefaults,
} from "../../../../stages/tensorflow/library/variables.ts";

/** Of each kind, with what it would do to results. */
const environment = {
  XLA_FLAGS: "--xla_cpu_enable_fast_math=true",
  TF_ENABLE_ONEDNN_OPTS: "0",
  ONEDNN_MAX_CPU_ISA: "AVX2",
  DNNL_DEFAULT_FPMATH_MODE: "bf16",
  GLIBC_TUNABLES: "glibc.cpu.hwcaps=-AVX2_Usable",
};
const onGpus = {
  NVIDIA_TF32_OVERRIDE: "0",
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
  assert.deepEqual(decisiveVariables(variableDefaults(""), { device: "gpu" }), {});
  assert.deepEqual(decisiveVariables({ TF_DETERMINISTIC_OPS: "0" }, { device: "cpu" }), {
    TF_DETERMINISTIC_OPS: "0",
  });
});

Deno.test("a process may be given no GPU, which makes its device the processor", () => {
  assert.deepEqual(["", "-1", " ", "NoDevFiles", "-1,0"].map(hidesGpus), Array(5).fill(true));
  assert.deepEqual(
    [undefined, "0", "3,1", "GPU-8f1c", "0,-1"].map(hidesGpus),
    Array(5).fill(false),
  );
});
