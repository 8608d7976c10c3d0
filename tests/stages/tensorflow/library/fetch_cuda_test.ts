import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { contentDigest } from "../../../../pipeline/fetch/package_content.ts";
import { joinBytes } from "../../../../stages/data/formats/byte_source.ts";
import { storedZip } from "../../../../stages/data/formats/stored_zip.ts";
import type { CudaWheel } from "../../../../stages/tensorflow/library/cuda_release.ts";
import {
  cudaWheels,
  fetchedCudaFolder,
  folderOf,
} from "../../../../stages/tensorflow/library/cuda_release.ts";
import { fetchCuda } from "../../../../stages/tensorflow/library/fetch_cuda.ts";
import { projectFolder } from "../../../support/command.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const pip = await new Deno.Command("python3", { args: ["-m", "pip", "--version"] }).output()
  .then(({ success }) => success, () => false);

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

/** A wheel with two files below one folder, published in another folder. */
function publish(index: string, distribution: string, root: string): CudaWheel {
  const files = { "lib/liba.so.1": `a of ${distribution}`, "bin/tool": `tool of ${distribution}` };
  const name = distribution.replaceAll("-", "_");
  const bytes = (content: string) => new TextEncoder().encode(content);
  const wheel = joinBytes([
    ...storedZip([
      ...Object.entries(files).map(([path, text]): [string, Uint8Array] => [
        `${root}${path}`,
        bytes(text),
      ]),
      [`${root}include/a.h`, bytes("not kept")],
      [
        `${name}-1.0.dist-info/METADATA`,
        bytes(`Metadata-Version: 2.1\nName: ${distribution}\nVersion: 1.0\n`),
      ],
      [
        `${name}-1.0.dist-info/WHEEL`,
        bytes("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
      ],
      [`${name}-1.0.dist-info/RECORD`, bytes("")],
    ], { alignment: 1 }),
  ]);
  Deno.writeFileSync(`${index}/${name}-1.0-py3-none-any.whl`, wheel);
  return {
    ...{ distribution, version: "1.0", root, files: Object.keys(files) },
    ...{ sha256: sha256(wheel), bytes: wheel.length, unpacked: 40 },
    content: contentDigest(
      Object.fromEntries(
        Object.entries(files).map(([path, text]) => [path, { sha256: sha256(text) }]),
      ),
    ),
  };
}

/** Fetches in a process of its own, which finds the wheels in a folder and has no network. */
async function fetchIn(
  cache: string,
  index: string,
  wheels: readonly CudaWheel[],
): Promise<{ said: string[]; error: string }> {
  const module = JSON.stringify(
    import.meta.resolve("../../../../stages/tensorflow/library/fetch_cuda.ts"),
  );
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { fetchCuda } from ${module};
      const said = [];
      const progress = { report() {}, say: (line) => said.push(line) };
      const error = await fetchCuda({ task: () => progress, wheels: ${JSON.stringify(wheels)} })
        .then(() => "", String);
      console.log(JSON.stringify({ said, error }));`,
    ],
    cwd: projectFolder,
    env: {
      XDG_CACHE_HOME: cache,
      DENO_DIR: Deno.env.get("DENO_DIR") ??
        `${Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME")}/.cache`}/deno`,
      PIP_NO_INDEX: "1",
      PIP_FIND_LINKS: pathToFileURL(index).href,
      UV_OFFLINE: "1",
    },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.notEqual(text, "", new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

Deno.test({
  name:
    "wheels are fetched into their folders, those that are there are kept, two setups share them",
  ignore: !pip,
  async fn() {
    using folder = temporaryFolder();
    const [index, cache] = [`${folder.path}/index`, `${folder.path}/a cache`];
    Deno.mkdirSync(index);
    const first = publish(index, "toy-one-cu12", "toy/one/");
    const second = publish(index, "toy-two-cu12", "toy/two/");
    const environment = { get: (name: string) => ({ XDG_CACHE_HOME: cache })[name] };
    const root = fetchedCudaFolder(environment);

    // One arrives, the other is not published yet: as after a kill, the first is kept.
    Deno.renameSync(`${index}/toy_two_cu12-1.0-py3-none-any.whl`, `${folder.path}/later.whl`);
    const broken = await fetchIn(cache, index, [first, second]);
    assert.equal(
      broken.said[0],
      `2 of 2 packages are to be fetched: 0.0 GB, and 0.0 GB on disk, in ${root}`,
    );
    assert.match(broken.error, /^error: toy-two-cu12 1\.0 could not be fetched\npython3 -m pip: /);
    assert.match(broken.error, /fix: .*run the same command again: it keeps the packages/);
    assert.equal(Deno.readTextFileSync(`${root}/toy/one/lib/liba.so.1`), "a of toy-one-cu12");
    const inode = Deno.statSync(`${root}/toy/one/lib/liba.so.1`).ino;

    Deno.renameSync(`${folder.path}/later.whl`, `${index}/toy_two_cu12-1.0-py3-none-any.whl`);
    const together = await Promise.all([1, 2].map(() => fetchIn(cache, index, [first, second])));
    assert.deepEqual(together.map(({ error }) => error), ["", ""]);
    const fetched = together.flatMap(({ said }) => said).filter((line) => /^fetching/.test(line));
    assert.deepEqual(fetched, ["fetching toy-two-cu12==1.0 (0 MB, once)"]);
    assert.equal(Deno.statSync(`${root}/toy/one/lib/liba.so.1`).ino, inode);
    assert.equal(Deno.readTextFileSync(`${root}/toy/two/bin/tool`), "tool of toy-two-cu12");
    assert.throws(() => Deno.statSync(`${root}/toy/two/include`), Deno.errors.NotFound);

    const again = await fetchIn(cache, "/nowhere", [first, second]);
    assert.deepEqual(again, { said: [`all 2 packages are in ${root}`], error: "" });
  },
});

Deno.test({
  name: "a disk without room for all packages is one clear error, before anything is fetched",
  ignore: cudaWheels().length === 0,
  async fn() {
    using folder = temporaryFolder();
    const environment = { get: (name: string) => ({ XDG_CACHE_HOME: folder.path })[name] };
    const said: string[] = [];
    const progress = { report() {}, say: (line: string) => void said.push(line) };
    await assert.rejects(
      fetchCuda({ task: () => progress, environment, freeBytes: () => 6e9 }),
      (error) => {
        assert.ok(error instanceof Complaint);
        assert.equal(
          String(error),
          "error: fetching them needs 6.5 GB of disk space, and 6.0 GB are free\n" +
            `  --> ${fetchedCudaFolder(environment)}\n` +
            "fix: free some space, or name a folder on another disk with XDG_CACHE_HOME",
        );
        return true;
      },
    );
    assert.deepEqual(said, [
      `12 of 12 packages are to be fetched: 3.3 GB, and 5.1 GB on disk, in ${
        fetchedCudaFolder(environment)
      }`,
    ]);
    assert.throws(() => Deno.statSync(fetchedCudaFolder(environment)), Deno.errors.NotFound);
  },
});

Deno.test("where TensorFlow is not published with CUDA, that is said", async () => {
  const progress = { report() {}, say() {} };
  await assert.rejects(
    fetchCuda({ task: () => progress, wheels: [] }),
    /TensorFlow is not published with CUDA for \w+ on \w+/,
  );
});

Deno.test("every wheel has a folder of its own, where TensorFlow's build searches it", () => {
  const folders = cudaWheels().map((wheel) => folderOf(wheel));
  assert.equal(new Set(folders).size, folders.length);
  const roots = cudaWheels().map(({ root }) => root);
  assert.ok(roots.every((root) => /^(tensorflow|nvidia\/\w+)\/$/.test(root)), roots.join());
});
