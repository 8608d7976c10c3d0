import assert from "node:assert/strict";
import {
  cudaDataFolder,
  cudaLibraries,
  cudaVersions,
  isCudaBuild,
} from "../../../../stages/tensorflow/library/cuda_build.ts";
import {
  cudaWheels,
  fetchedCudaFolder,
} from "../../../../stages/tensorflow/library/cuda_release.ts";
import { madeCudaWheels, madeLibrary, madeSystemCuda } from "../../../support/made_library.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const environment = (variables: Record<string, string> = {}) => new Map(Object.entries(variables));

Deno.test("a build for GPUs is one that searches NVIDIA's libraries, wherever these are", () => {
  using folder = temporaryFolder();
  // A wheel that was unzipped by hand has nothing next to it.
  const { library } = madeLibrary(`${folder.path}/gpu`, { cuda: true });
  assert.ok(isCudaBuild(library));
  assert.equal(cudaDataFolder(library), undefined);
  assert.ok(!isCudaBuild(madeLibrary(`${folder.path}/cpu`, { cuda: false }).library));
});

Deno.test("without NVIDIA's libraries, a build for GPUs lacks them by name", () => {
  using folder = temporaryFolder();
  const { library } = madeLibrary(folder.path, { cuda: true });
  assert.deepEqual(cudaLibraries(library, environment(), []), {
    files: {},
    missing: ["cudart", "cublas", "cublasLt", "cufft", "cusolver", "cusparse", "cudnn"],
  });
  madeCudaWheels(folder.path, "12.5.3.2");
  Deno.removeSync(`${folder.path}/nvidia/cudnn/lib/libcudnn.so.9`);
  assert.deepEqual(cudaLibraries(library, environment(), []).missing, ["cudnn"]);
});

Deno.test("the versions are those of the files that the loader takes: LD_LIBRARY_PATH comes first", async () => {
  using folder = temporaryFolder();
  const { library } = madeLibrary(folder.path, { cuda: true });
  madeCudaWheels(folder.path, "12.5.3.2");
  const all = ["cudart", "cublas", "cublasLt", "cufft", "cusolver", "cusparse", "cudnn"];
  const same = (version: string) => Object.fromEntries(all.map((name) => [name, version]));
  assert.deepEqual(await cudaVersions(library, environment()), same("12.5.3.2"));
  const system = `${folder.path}/cuda-12.2/lib64`;
  madeSystemCuda(system, "12.2.5.6");
  const variables = environment({ LD_LIBRARY_PATH: `/nowhere:${system}` });
  assert.deepEqual(await cudaVersions(library, variables), same("12.2.5.6"));
  Deno.removeSync(`${system}/libcudnn.so.9`);
  assert.deepEqual(await cudaVersions(library, variables), {
    ...same("12.2.5.6"),
    cudnn: "12.5.3.2",
  });
});

Deno.test("libraries of another version than the build loads are passed over", async () => {
  using folder = temporaryFolder();
  const { library } = madeLibrary(folder.path, { cuda: true });
  madeCudaWheels(folder.path, "12.5.3.2");
  Deno.mkdirSync(`${folder.path}/cuda-11`);
  for (const name of ["libcudart.so.11.0", "libcublas.so.11", "libcudnn.so.8"]) {
    Deno.writeTextFileSync(`${folder.path}/cuda-11/${name}`, "");
  }
  const variables = environment({ LD_LIBRARY_PATH: `${folder.path}/cuda-11` });
  const versions = await cudaVersions(library, variables);
  assert.deepEqual([versions["cublas"], versions["cudnn"]], ["12.5.3.2", "12.5.3.2"]);
});

Deno.test("system CUDA is found for a wheel that was unzipped by hand", () => {
  using folder = temporaryFolder();
  const { library } = madeLibrary(`${folder.path}/hand`, { cuda: true });
  madeSystemCuda(`${folder.path}/usr/lib`, "12.2.5.6");
  const { files, missing } = cudaLibraries(library, environment(), [`${folder.path}/usr/lib`]);
  assert.deepEqual(missing, []);
  assert.equal(files["cublas"], `${folder.path}/usr/lib/libcublas.so.12`);
});

Deno.test("what setup has fetched has the pinned versions, and a file without any a digest", async () => {
  using folder = temporaryFolder();
  const variables = environment({ XDG_CACHE_HOME: `${folder.path}/cache` });
  const fetched = fetchedCudaFolder(variables);
  const { library } = madeLibrary(fetched, { cuda: true });
  madeCudaWheels(fetched, "0");
  const versions = await cudaVersions(library, variables);
  const pinned = cudaWheels().find(({ distribution }) => distribution === "nvidia-cublas-cu12");
  assert.equal(versions["cublas"], pinned?.version);
  const { library: other } = madeLibrary(`${folder.path}/other`, { cuda: true });
  madeCudaWheels(`${folder.path}/other`, "0");
  Deno.removeSync(`${folder.path}/other/nvidia_cublas_cu12-0.dist-info`);
  assert.match((await cudaVersions(other, variables))["cublas"]!, /^build [0-9a-f]{12}$/);
});

Deno.test("ptxas is where NVIDIA's compiler is, next to the library", () => {
  using folder = temporaryFolder();
  const { library } = madeLibrary(folder.path, { cuda: true });
  Deno.mkdirSync(`${folder.path}/nvidia/cuda_nvcc/bin`, { recursive: true });
  assert.equal(cudaDataFolder(library), `${folder.path}/nvidia/cuda_nvcc`);
});
