/**
 * The detector is one of Python's `onnx` 1.x, made once: input `image` float32 [1, 3, 8, 8]; `boxes`
 * are always (0 0 4 4), (4 4 8 8), (2 2 2 6); `scores` [1, 3] the means of the three colours;
 * `features` [3, 3] the products of 1, 2, 3 (rows) with these means (columns).
 */
import { cacheFolder, wheelFolder } from "../../pipeline/contract/pinned_package.ts";
import { onnxRuntimePackage } from "../../stages/vision/detector/onnx_runtime.ts";
import { fetchedPackage } from "./fetched_package.ts";

export const toyDetector = Uint8Array.fromBase64(
  "CAgSA3RveTr+AgoUCgFiEgVib3hlcyIISWRlbnRpdHkKOQoFaW1hZ2USBG1lYW4iClJlZHVjZU1lYW4qDQoEYXhlc0ACQA" +
    "OgAQcqDwoIa2VlcGRpbXMYAKABAgobCgRtZWFuCgJzMhIGc2NvcmVzIgdSZXNoYXBlCh4KBG9uZXMKBG1lYW4SCGZlYXR1" +
    "cmVzIgZNYXRNdWwSA3RveSo9CAEIAwgEEAFCAWJKMAAAAAAAAAAAAACAQAAAgEAAAIBAAACAQAAAAEEAAABBAAAAQAAAAE" +
    "AAAABAAADAQCoaCAIQB0ICczJKEAEAAAAAAAAAAwAAAAAAAAAqGggDCAEQAUIEb25lc0oMAACAPwAAAEAAAEBAWh8KBWlt" +
    "YWdlEhYKFAgBEhAKAggBCgIIAwoCCAgKAggIYhsKBWJveGVzEhIKEAgBEgwKAggBCgIIAwoCCARiGAoGc2NvcmVzEg4KDA" +
    "gBEggKAggBCgIIA2IaCghmZWF0dXJlcxIOCgwIARIICgIIAwoCCANCBAoAEA0=",
);

/**
 * Where a run that names a detector leaves ONNX Runtime. Its 113 MB are fetched for tests where `CI` is
 * set, and taken elsewhere if they are there.
 */
export const onnxRuntime: string = wheelFolder(
  onnxRuntimePackage,
  cacheFolder((name) => Deno.env.get(name)),
);

if (Deno.env.has("CI")) await fetchedPackage(onnxRuntimePackage);

export const hasOnnxRuntime: boolean = isThere(`${onnxRuntime}/node_modules/onnxruntime-node`);
if (!hasOnnxRuntime) {
  console.log(`tests of detectors are skipped: no ONNX Runtime in ${onnxRuntime}`);
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
