/**
 * The detector is one of Python's `onnx` 1.x, made once: input `image` float32 [1, 3, 8, 8]; `boxes`
 * are always (0 0 4 4), (4 4 8 8), (2 2 2 6); `scores` [1, 3] the means of the three colours;
 * `features` [3, 3] the products of 1, 2, 3 (rows) with these means (columns).
 */
import { cacheFolder } from "../../pipeline/wheel_fetch.ts";
import { onnxRuntimeVersion } from "../../stages/vision/onnx_runtime.ts";

export const toyDetector = Uint8Array.fromBase64(
  "CAgSA3RveTr+AgoUCgFiEgVib3hlcyIISWRlbnRpdHkKOQoFaW1hZ2USBG1lYW4iClJlZHVjZU1lYW4qDQoEYXhlc0ACQA" +
    "OgAQcqDwoIa2VlcGRpbXMYAKABAgobCgRtZWFuCgJzMhIGc2NvcmVzIgdSZXNoYXBlCh4KBG9uZXMKBG1lYW4SCGZlYXR1" +
    "cmVzIgZNYXRNdWwSA3RveSo9CAEIAwgEEAFCAWJKMAAAAAAAAAAAAACAQAAAgEAAAIBAAACAQAAAAEEAAABBAAAAQAAAAE" +
    "AAAABAAADAQCoaCAIQB0ICczJKEAEAAAAAAAAAAwAAAAAAAAAqGggDCAEQAUIEb25lc0oMAACAPwAAAEAAAEBAWh8KBWlt" +
    "YWdlEhYKFAgBEhAKAggBCgIIAwoCCAgKAggIYhsKBWJveGVzEhIKEAgBEgwKAggBCgIIAwoCCARiGAoGc2NvcmVzEg4KDA" +
    "gBEggKAggBCgIIA2IaCghmZWF0dXJlcxIOCgwIARIICgIIAwoCCANCBAoAEA0=",
);

/** Where tests look for ONNX Runtime; they are skipped without. */
export const onnxRuntime: string = `${
  cacheFolder((name) => Deno.env.get(name))
}/onnxruntime-node-${onnxRuntimeVersion}`;

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
