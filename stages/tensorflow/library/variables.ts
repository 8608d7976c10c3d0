/** Environment variables that TensorFlow and the libraries below it read. */
import { cudaDataFolder, isCudaBuild } from "./cuda_build.ts";
import { withoutCompileCache } from "./compile_cache_flags.ts";
import { decisiveFlags, quotedFlag, withFlags } from "./xla_flags.ts";

/** What this program sets before it opens the library, unless the user has set it. */
const defaults: Readonly<Record<string, string>> = {
  TF_CPP_MIN_LOG_LEVEL: "2", // errors only
  TF_DETERMINISTIC_OPS: "1",
  CUBLAS_WORKSPACE_CONFIG: ":4096:8",
  // float32 is float32 in NVIDIA's libraries, too: without it, their products keep 10 bits of 23.
  NVIDIA_TF32_OVERRIDE: "0",
};

/**
 * Flags of XLA for the same bits in every run on a GPU: no choice of kernels by time, and scatters that
 * add in one order, in parallel. Products are left to NVIDIA's library, which chooses kernels by rules:
 * XLA's own, which are chosen by time, would all have its smallest tiles. An unknown flag ends the
 * process; the required release knows these.
 */
const deterministicFlags = [
  "--xla_gpu_deterministic_ops=true",
  "--xla_gpu_enable_scatter_determinism_expander=true",
  "--xla_gpu_enable_triton_gemm=false",
];

/** The variables to set for a library, beside what the user has set. */
export function variablesFor(
  libraryPath: string,
  environment: Pick<typeof Deno.env, "get"> = Deno.env,
): Record<string, string> {
  const missing = Object.entries(defaults).filter(([name]) => environment.get(name) === undefined);
  return {
    ...Object.fromEntries(missing),
    ...(isCudaBuild(libraryPath) && {
      XLA_FLAGS: withFlags(environment.get("XLA_FLAGS"), [
        ...deterministicFlags,
        ...dataFlags(libraryPath),
      ]),
    }),
  };
}

function dataFlags(libraryPath: string): string[] {
  const folder = cudaDataFolder(libraryPath);
  return folder === undefined ? [] : [quotedFlag("xla_gpu_cuda_data_dir", folder)];
}

/**
 * Those that change how numbers are computed, among all that TensorFlow 2.21 reads. The others are for
 * logging, memory and remote machines, or give a number of threads, which is set in another way.
 */
const onEveryDevice = [
  /^(XLA_FLAGS|TF_XLA_FLAGS|TF_XLA_BRIDGE|TF_JITRT_FLAGS|TF_DISABLE_JIT_KERNELS)$/,
  /^TF_DETERMINISTIC_(OPS|ORDER)$/,
  /^TF_(ENABLE_(ONEDNN|ZENDNN)_OPTS|ENABLE_ONEDNN_SPMM|SET_ONEDNN_FPMATH_MODE)$/,
  /^TF_(ONEDNN_ASSUME_FROZEN_WEIGHTS|USE_DEEP_CONV2D|ENABLE_MAXPOOL_NANPROP)$/,
  /^TF_(CONV2D_USE_FP16_ACCUMULATE|FP16_MATMUL_USE_FP32_COMPUTE)$/,
  /^TF_AUTO_MIXED_PRECISION_GRAPH_REWRITE_(?!LOG_PATH$)/,
  /^TF_(OVERRIDE_GLOBAL_THREADPOOL|USE_EIGEN_PARALLEL_FOR_IN_WORK_SHARDER|ENABLED_DEVICE_TYPES)$/,
  // oneDNN has two names for each of its own.
  /^(ONEDNN|DNNL)_(MAX_CPU_ISA|CPU_ISA_HINTS|DEFAULT_FPMATH_MODE)$/,
  // The C library's choice among variants of mathematical functions.
  /^GLIBC_TUNABLES$/,
];

/** From the documentation of TensorFlow and of NVIDIA's libraries; not tested. */
const onGpus = [
  /^TF_(DEBUG_)?CUDNN_/,
  /^TF_(USE_CUBLASLT|MATMUL_AUTOTUNE_ENABLE)$/,
  /^(NVIDIA_TF32_OVERRIDE|CUBLAS_WORKSPACE_CONFIG|CUBLAS_EMULATE_\w+|CUBLAS_EMULATION_STRATEGY)$/,
];

/**
 * The variables that are set and can change the bits of results on a device. One that is set to what
 * this program sets itself changes nothing, and nor does a flag of XLA that is, or a cache of what XLA
 * compiles.
 */
export function decisiveVariables(
  environment: Readonly<Record<string, string>>,
  { device }: { device: "cpu" | "gpu" },
): Record<string, string> {
  const decisive = device === "gpu" ? [...onEveryDevice, ...onGpus] : onEveryDevice;
  return Object.fromEntries(
    Object.entries(environment)
      .map(([name, value]) => [name, decisiveValue(name, value)] as const)
      .filter(([name, value]) =>
        decisive.some((names) => names.test(name)) && defaults[name] !== value &&
        !(/XLA_FLAGS$/.test(name) && value === "")
      ).sort(([a], [b]) => a < b ? -1 : 1),
  );
}

function decisiveValue(name: string, value: string): string {
  if (name === "XLA_FLAGS") return decisiveFlags(value, deterministicFlags);
  return name === "TF_XLA_FLAGS" ? withoutCompileCache(value) : value;
}
