/**
 * The build of TensorFlow for NVIDIA's GPUs and the libraries of NVIDIA that it loads, pinned. They are
 * those that pip chooses for `tensorflow[and-cuda]`, without what only compilers and profilers need.
 */
import { cacheFolder, type PinnedWheel } from "../../../pipeline/contract/pinned_package.ts";
import { pinnedVersion } from "./release.ts";

/** A wheel of which everything is kept below one folder. */
export interface CudaWheel extends PinnedWheel {
  readonly root: string;
  readonly unpacked: number;
}

const uv = "x86_64-manylinux_2_28";

/** The first is TensorFlow's. */
const wheels: readonly CudaWheel[] = [
  {
    distribution: "tensorflow",
    version: "2.21.0",
    platform: { pip: "manylinux_2_27_x86_64", uv },
    sha256: "9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124",
    bytes: 572_440_367,
    unpacked: 1_259_021_080,
    root: "tensorflow/",
    files: ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"],
    content: "36e565c65b0c4e8434d605cfb67c8a4eeb303ca721fe901e35a2cf196584938c",
  },
  {
    distribution: "nvidia-cublas-cu12",
    version: "12.9.3.13",
    platform: { pip: "manylinux_2_27_x86_64", uv },
    sha256: "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72",
    bytes: 581_217_458,
    unpacked: 854_310_592,
    root: "nvidia/cublas/",
    files: ["lib/libcublas.so.12", "lib/libcublasLt.so.12"],
    content: "d5815d26f271cbf4a7820d179605b63fd6c5c654e662ba59dd2ca9ae680b546f",
  },
  {
    distribution: "nvidia-cuda-cupti-cu12",
    version: "12.8.90",
    platform: { pip: "manylinux2014_x86_64", uv },
    sha256: "ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182",
    bytes: 10_248_621,
    unpacked: 7_595_792,
    root: "nvidia/cuda_cupti/",
    files: ["lib/libcupti.so.12"],
    content: "18b477cc4b3fbb9d9d4299c5e15eeec3264ee3759870b8d0c1f94540705a3ad8",
  },
  {
    distribution: "nvidia-cuda-nvcc-cu12",
    version: "12.9.86",
    platform: { pip: "manylinux2010_x86_64", uv },
    sha256: "5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0",
    bytes: 40_546_229,
    unpacked: 35_417_224,
    root: "nvidia/cuda_nvcc/",
    files: ["bin/ptxas", "nvvm/libdevice/libdevice.10.bc"],
    content: "c64a8b3a26736902d72ee87dd42a92faa586229dca4db7cec987a44e5ed645e1",
  },
  {
    distribution: "nvidia-cuda-nvrtc-cu12",
    version: "12.9.86",
    platform: { pip: "manylinux2010_x86_64", uv },
    sha256: "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4",
    bytes: 89_568_129,
    unpacked: 113_447_240,
    root: "nvidia/cuda_nvrtc/",
    files: ["lib/libnvrtc-builtins.so.12.9", "lib/libnvrtc.so.12"],
    content: "7becdaf11f421124b5b23b672983bcad606942b68cc72f192e970a1e4779b3aa",
  },
  {
    distribution: "nvidia-cuda-runtime-cu12",
    version: "12.9.79",
    platform: { pip: "manylinux2014_x86_64", uv },
    sha256: "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3",
    bytes: 3_493_179,
    unpacked: 741_088,
    root: "nvidia/cuda_runtime/",
    files: ["lib/libcudart.so.12"],
    content: "693be3b20c1ddda461d44a0187133c39c86ff30cc6143ed268b8bd582b4f0dc1",
  },
  {
    distribution: "nvidia-cudnn-cu12",
    version: "9.28.0.42",
    platform: { pip: "manylinux_2_27_x86_64", uv },
    sha256: "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375",
    bytes: 716_538_495,
    unpacked: 1_162_393_472,
    root: "nvidia/cudnn/",
    files: [
      "lib/libcudnn.so.9",
      "lib/libcudnn_adv.so.9",
      "lib/libcudnn_cnn.so.9",
      "lib/libcudnn_engines_precompiled.so.9",
      "lib/libcudnn_engines_runtime_compiled.so.9",
      "lib/libcudnn_engines_tensor_ir.so.9",
      "lib/libcudnn_ext.so.9",
      "lib/libcudnn_graph.so.9",
      "lib/libcudnn_heuristic.so.9",
      "lib/libcudnn_ops.so.9",
    ],
    content: "840041ac292c574e980826ba6103ea96182a503a3042d3a1617091b70dd5d0f5",
  },
  {
    distribution: "nvidia-cufft-cu12",
    version: "11.4.1.4",
    platform: { pip: "manylinux2014_x86_64", uv },
    sha256: "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28",
    bytes: 200_877_592,
    unpacked: 291_507_928,
    root: "nvidia/cufft/",
    files: ["lib/libcufft.so.11"],
    content: "52825b27024d84079e7dbb5aac6e5c22064b36d3ca2f7d94982a30ec0a4a1b9a",
  },
  {
    distribution: "nvidia-cusolver-cu12",
    version: "11.7.5.82",
    platform: { pip: "manylinux_2_27_x86_64", uv },
    sha256: "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88",
    bytes: 338_117_415,
    unpacked: 302_024_152,
    root: "nvidia/cusolver/",
    files: ["lib/libcusolver.so.11"],
    content: "061bb9853bb78e15ca6b0110c7348e1bfcedaa4b280fb9228e8926311c4c0fe6",
  },
  {
    distribution: "nvidia-cusparse-cu12",
    version: "12.5.10.65",
    platform: { pip: "manylinux2014_x86_64", uv },
    sha256: "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78",
    bytes: 366_465_088,
    unpacked: 486_556_368,
    root: "nvidia/cusparse/",
    files: ["lib/libcusparse.so.12"],
    content: "a434cf9d3cccd05e1861bb142bb4914fd5522601cdca5e12ef5edc6eca8c5684",
  },
  {
    distribution: "nvidia-nccl-cu12",
    version: "2.32.3",
    platform: { pip: "manylinux_2_27_x86_64", uv },
    sha256: "bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c",
    bytes: 351_526_311,
    unpacked: 473_614_536,
    root: "nvidia/nccl/",
    files: ["lib/libnccl.so.2"],
    content: "3c4cf3d0165ec4901e063596c40ffe3d0c047bc2fcc3b9a3b2f21910c151844d",
  },
  {
    distribution: "nvidia-nvjitlink-cu12",
    version: "12.9.86",
    platform: { pip: "manylinux2010_x86_64", uv },
    sha256: "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9",
    bytes: 39_748_338,
    unpacked: 95_935_344,
    root: "nvidia/nvjitlink/",
    files: ["lib/libnvJitLink.so.12"],
    content: "aee666517b77376192671e1fef06b58525f2758d7ff647def405291fb8174f50",
  },
];

/** None where TensorFlow is published without CUDA. */
export function cudaWheels(): readonly CudaWheel[] {
  return `${Deno.build.os}-${Deno.build.arch}` === "linux-x86_64" ? wheels : [];
}

/** In the user's cache. Within it are the folders of the wheels, which find each other there. */
export function fetchedCudaFolder(environment: Pick<typeof Deno.env, "get"> = Deno.env): string {
  const cache = cacheFolder((name) => environment.get(name));
  return `${cache}/tensorflow-cuda-${pinnedVersion}-${wheels[0]!.sha256.slice(0, 12)}`;
}

/** The folder of one wheel: `tensorflow`, `nvidia/cublas`. */
export function folderOf({ root }: CudaWheel, environment?: Pick<typeof Deno.env, "get">): string {
  return `${fetchedCudaFolder(environment)}/${root.replace(/\/$/, "")}`;
}
