import assert from "node:assert/strict";
import { describeGpus, gpuText } from "../../../../stages/tensorflow/library/cuda_driver.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const compiler = await new Deno.Command("cc", { args: ["--version"] }).output()
  .then(({ success }) => success, () => false);

/** A driver of two GPUs, numbered 4 and 5 among its devices; `code` is what its start returns. */
const driver = (code: number) => `
#include <string.h>
int cuInit(unsigned flags) { return ${code}; }
int cuDeviceGetCount(int *count) { *count = 2; return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = 4 + ordinal; return 0; }
int cuDeviceGetName(char *name, int length, int device) {
  strncpy(name, device == 4 ? "NVIDIA H200" : "NVIDIA L4", length);
  return 0;
}
int cuDeviceTotalMem_v2(unsigned long long *bytes, int device) {
  *bytes = device == 4 ? 150121545728ULL : 23652073472ULL;
  return 0;
}`;

Deno.test({
  name: "the driver describes the visible GPUs in order, or none if it does not start",
  ignore: !compiler,
  async fn() {
    using folder = temporaryFolder();
    const build = async (code: number) => {
      const [source, library] = [`${folder.path}/${code}.c`, `${folder.path}/${code}.so`];
      Deno.writeTextFileSync(source, driver(code));
      const { success } = await new Deno.Command("cc", {
        args: ["-shared", "-fPIC", "-o", library, source],
      }).output();
      assert.ok(success);
      return library;
    };
    assert.deepEqual(describeGpus(await build(0)).map(gpuText), [
      "NVIDIA H200, 139.8 GiB",
      "NVIDIA L4, 22.0 GiB",
    ]);
    assert.deepEqual(describeGpus(await build(100)), []);
  },
});

Deno.test("without a driver there is nothing to describe", () => {
  assert.deepEqual(describeGpus("/nowhere/libcuda.so.1"), []);
});
