import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import type { DetectorOptions } from "../../../../stages/vision/detector/detector_options.ts";
import { openDetector } from "../../../../stages/vision/detector/onnx_detector.ts";
import type { RgbPicture } from "../../../../stages/vision/picture.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";
import {
  hasOnnxRuntime,
  onnxRuntime as runtime,
  toyDetector as toy,
} from "../../../support/toy_detector.ts";

const ignore = !hasOnnxRuntime;

const options: DetectorOptions = {
  runtime,
  boxes: "boxes",
  scores: "scores",
  features: "features",
  layout: "nchw",
  side: 8,
  mean: [0, 0, 0],
  scale: [1, 1, 1],
  coordinates: "pixels",
  order: "xyxy",
  threshold: 0,
  max: 10,
};

const left = { x0: 0, y0: 0, x1: 0.5, y1: 0.5 };
const right = { x0: 0.5, y0: 0.5, x1: 1, y1: 1 };

Deno.test({
  name: "boxes are returned best first with the features of their rows, without empty ones",
  ignore,
  async fn() {
    const { boxes, features } = await detections({}, plain([10, 30, 20]));
    assert.deepEqual(boxes, [right, left]);
    assert.deepEqual([...features!], [20, 60, 40, 10, 30, 20]);
  },
});

Deno.test({
  name: "pixels are passed as (pixel - mean) / scale, per colour",
  ignore,
  async fn() {
    const rescaled = { mean: [10, 20, 30], scale: [1, 2, 4] } as const;
    const { features } = await detections(rescaled, plain([20, 40, 50]));
    assert.deepEqual([...features!].slice(0, 3), [10, 10, 5]);
  },
});

Deno.test({
  name: "boxes below the threshold are omitted except for the best; at most `max` are kept",
  ignore,
  async fn() {
    const seen = async (changed: Partial<DetectorOptions>) =>
      (await detections(changed, plain([10, 30, 20]))).boxes;
    assert.deepEqual(await seen({ threshold: 15 }), [right]);
    assert.deepEqual(await seen({ threshold: 99 }), [right]);
    assert.deepEqual(await seen({ max: 1 }), [right]);
  },
});

Deno.test({
  name: "corners are read in the given order and clipped to the picture",
  ignore,
  async fn() {
    const boxes = async (changed: Partial<DetectorOptions>) =>
      (await detections(changed, plain([30, 20, 10]))).boxes;
    assert.deepEqual((await boxes({ order: "cxcywh" }))[0], { x0: 0, y0: 0, x1: 0.25, y1: 0.25 });
    assert.deepEqual((await boxes({ coordinates: "fractions" }))[0], { ...left, x1: 1, y1: 1 });
    // (2 2 2 6) is empty in this order as well.
    assert.deepEqual(await boxes({ order: "yxyx" }), [left, right]);
  },
});

Deno.test({
  name: "a picture of another size is stretched; the same picture gives the same bits",
  ignore,
  async fn() {
    const picture = plain([10, 30, 20], { width: 31, height: 17 });
    const first = await detections({}, picture);
    assert.deepEqual(first, await detections({}, plain([10, 30, 20])));
    assert.deepEqual(first, await detections({}, picture));
  },
});

Deno.test({
  name: "a wrong name is reported with the existing names and the nearest one",
  ignore,
  async fn() {
    assert.equal(
      await complaint({ boxes: "boxen" }),
      "error: the detector has no output `boxen`; it has `boxes`, `scores`, `features`\n" +
        "  --> FILE\nfix: did you mean `boxes`?",
    );
    assert.equal(
      await complaint({ input: "pixels" }),
      "error: the detector has no input `pixels`; it has `image`\n" +
        "  --> FILE\nfix: set `input` to one of them",
    );
  },
});

Deno.test({
  name: "wrong shapes are reported with the expected ones",
  ignore,
  async fn() {
    assert.equal(
      await complaint({ side: 16 }),
      "error: input `image` of the detector is float32 [1, 3, 8, 8]; the picture is " +
        "float32 [1, 3, 16, 16]\n  --> FILE\nfix: set `layout` and `side` to the detector's values",
    );
    assert.equal(
      await complaint({ boxes: "features" }),
      "error: output `features` of the detector is float32 [3, 3], expected float32 [boxes, 4] or " +
        "[1, boxes, 4]\n  --> FILE\n" +
        "fix: use other outputs, or export the detector with outputs of this form",
    );
  },
});

Deno.test({
  name: "a damaged or missing ONNX file is reported with its name",
  ignore,
  async fn() {
    const damaged = await complaint({}, toy.slice(0, 200));
    assert.match(
      damaged,
      /^error: the detector cannot be opened: .*\n {2}--> FILE\nfix: use an ONNX/,
    );
    await assert.rejects(openDetector("/nowhere/d.onnx", options), (error: Complaint) => {
      assert.equal(error.options.place?.file, "/nowhere/d.onnx");
      return error.what === "the detector's file cannot be read";
    });
  },
});

Deno.test({
  name: "a detector runs with the permissions of a stage with native libraries",
  ignore,
  async fn() {
    using folder = temporaryFolder();
    const file = `${folder.path}/toy.onnx`;
    Deno.writeFileSync(file, toy);
    const module =
      new URL("../../../../stages/vision/detector/onnx_detector.ts", import.meta.url).href;
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        `--allow-read=${folder.path},${runtime}`,
        "--allow-ffi",
        "--allow-env",
        "--allow-sys",
        "-",
      ],
      cwd: fileURLToPath(new URL("../../../../", import.meta.url)),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const picture = `{ width: 8, height: 8, pixels: new Uint8Array(192) }`;
    const code = `import { openDetector } from ${JSON.stringify(module)};
      const detector = await openDetector(${JSON.stringify(file)}, ${JSON.stringify(options)});
      console.log((await detector.detect(${picture})).boxes.length);`;
    await new Blob([code]).stream().pipeTo(child.stdin);
    const { stdout, stderr } = await child.output();
    assert.equal(new TextDecoder().decode(stdout), "2\n", new TextDecoder().decode(stderr));
  },
});

Deno.test("if ONNX Runtime is not installed, the fix is the command that installs it", async () => {
  using folder = temporaryFolder();
  await assert.rejects(
    openDetector("d.onnx", { ...options, runtime: folder.path }),
    (error: Complaint) => {
      assert.equal(error.what, "ONNX Runtime is not installed, but the detector needs it");
      assert.equal(
        error.fix,
        `npm install --ignore-scripts --prefix '${folder.path}' onnxruntime-node@1.30.0`,
      );
      return true;
    },
  );
});

async function detections(changed: Partial<DetectorOptions>, picture: RgbPicture, bytes = toy) {
  using folder = temporaryFolder();
  const file = `${folder.path}/toy.onnx`;
  Deno.writeFileSync(file, bytes);
  try {
    const detector = await openDetector(file, { ...options, ...changed });
    try {
      return await detector.detect(picture);
    } finally {
      await detector.close();
    }
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    throw new Error(String(error).replace(file, "FILE"));
  }
}

async function complaint(changed: Partial<DetectorOptions>, bytes = toy): Promise<string> {
  return await detections(changed, plain([1, 2, 3]), bytes)
    .then(() => "no complaint", (error: Error) => error.message);
}

function plain(colour: readonly number[], size = { width: 8, height: 8 }): RgbPicture {
  const { width, height } = size;
  return {
    ...size,
    pixels: Uint8Array.from({ length: width * height * 3 }, (_, k) => colour[k % 3]!),
  };
}
