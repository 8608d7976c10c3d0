import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import {
  cudaWheels,
  fetchedCudaFolder,
  folderOf,
} from "../../../../stages/tensorflow/library/cuda_release.ts";
import { fetchedFolder } from "../../../../stages/tensorflow/library/release.ts";
import { searchLibrary } from "../../../../stages/tensorflow/library/search_library.ts";
import { unavailable } from "../../../../stages/tensorflow/library/open_library.ts";
import { testCompute } from "../../../support/compute.ts";

const environment = (variables: Record<string, string>) => ({
  get: (name: string) => variables[name],
});

const suffix = Deno.build.os === "darwin" ? "2.dylib" : "so.2";

async function withFolder(use: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "a folder with spaces " });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function put(path: string): Promise<string> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, "no library");
  return path;
}

Deno.test("TENSORFLOW_LIBRARY names a file or its folder and comes first", () =>
  withFolder(async (folder) => {
    const path = await put(`${folder}/libtensorflow_cc.${suffix}`);
    for (const named of [path, folder]) {
      const { found } = searchLibrary(environment({ TENSORFLOW_LIBRARY: named, HOME: folder }));
      assert.deepEqual(found, { path: Deno.realPathSync(path), place: "TENSORFLOW_LIBRARY" });
    }
  }));

Deno.test("a TENSORFLOW_LIBRARY without a library is one clear error", () => {
  assert.throws(
    () => searchLibrary(environment({ TENSORFLOW_LIBRARY: "/no/such/place" })),
    (error) => {
      assert.ok(error instanceof Complaint);
      assert.equal(
        String(error),
        `error: TENSORFLOW_LIBRARY is /no/such/place, which has no libtensorflow_cc.${suffix}\n` +
          "fix: set it to the library file or its folder, or unset it to have the library found or fetched",
      );
      return true;
    },
  );
});

Deno.test("a Python environment's library is found, and skipped if it has another version", () =>
  withFolder(async (folder) => {
    const packages = `${folder}/env/lib/python3.12/site-packages`;
    const path = await put(`${packages}/tensorflow/libtensorflow_cc.${suffix}`);
    await put(`${packages}/tensorflow_cpu-2.21.3.dist-info/METADATA`);
    const variables = environment({ VIRTUAL_ENV: `${folder}/env`, HOME: folder });
    assert.deepEqual(searchLibrary(variables).found, {
      path,
      place: "Python environment VIRTUAL_ENV",
      version: "2.21.3",
    });
    await Deno.rename(
      `${packages}/tensorflow_cpu-2.21.3.dist-info`,
      `${packages}/tensorflow_cpu-2.20.0.dist-info`,
    );
    const verdicts = searchLibrary(variables).searched.map(({ verdict }) => verdict);
    assert.ok(verdicts.includes("has version 2.20.0, not 2.21.x"));
  }));

/** A cache with what `setup --gpu` and a first run fetch, as far as the search looks. */
async function fetchedBoth(variables: ReturnType<typeof environment>): Promise<string> {
  await put(`${fetchedFolder(variables)}/libtensorflow_cc.${suffix}`);
  for (const wheel of cudaWheels()) {
    await put(`${folderOf(wheel, variables)}/${wheel.files[0]}`);
  }
  return fetchedCudaFolder(variables);
}

Deno.test({
  name: "an active Python environment comes before what is fetched, which is that for GPUs on one",
  ignore: cudaWheels().length === 0,
  fn: () =>
    withFolder(async (folder) => {
      const home = environment({ HOME: folder });
      const cuda = await fetchedBoth(home);
      const place = (variables: ReturnType<typeof environment>, gpus: string[]) =>
        searchLibrary(variables, gpus).found?.place;
      assert.deepEqual(searchLibrary(home, ["0"]).found, {
        path: `${cuda}/tensorflow/libtensorflow_cc.${suffix}`,
        place: "setup --gpu",
        version: "2.21.0",
      });
      assert.equal(place(home, []), "fetched");
      await put(
        `${folder}/env/lib/python3.12/site-packages/tensorflow/libtensorflow_cc.${suffix}`,
      );
      for (const variable of ["VIRTUAL_ENV", "CONDA_PREFIX"]) {
        const active = environment({ HOME: folder, [variable]: `${folder}/env` });
        assert.equal(place(active, ["0"]), `Python environment ${variable}`);
        assert.equal(place(active, []), `Python environment ${variable}`);
      }
    }),
});

Deno.test({
  name: "what a stopped setup has left is not used, and the search says what completes it",
  ignore: cudaWheels().length === 0,
  fn: () =>
    withFolder(async (folder) => {
      const home = environment({ HOME: folder });
      const cuda = await fetchedBoth(home);
      await Deno.remove(`${cuda}/nvidia/cudnn`, { recursive: true });
      const { found, searched } = searchLibrary(home, ["0"]);
      assert.equal(found?.place, "fetched");
      assert.deepEqual(searched.at(-1), {
        place: `setup --gpu: ${cuda}/tensorflow`,
        verdict: "incomplete (11 of 12 packages); complete it with: deno task setup --gpu",
      });
    }),
});

Deno.test("if no library is found or can be fetched, the error names every place and the command", () => {
  const searched = [{ place: "fetched: /home/u/.cache/x", verdict: "not found" }];
  const text = String(unavailable(searched, "neither python3 with pip nor uv is installed"));
  assert.match(text, /^error: libtensorflow 2\.21\.0 was not found and could not be fetched\n/);
  assert.match(
    text,
    / {4}fetched: \/home\/u\/\.cache\/x: not found\nneither python3 with pip nor uv/,
  );
  assert.match(
    text,
    /\nfix: install Python 3 with pip \(or uv\) and run again, or .*TENSORFLOW_LIBRARY/,
  );
});

Deno.test("a file that is not a library is one clear error", async () => {
  await testCompute(); // the right library is fetched before HOME is hidden from the child
  await withFolder(async (folder) => {
    const path = await put(`${folder}/libtensorflow_cc.${suffix}`);
    const module = import.meta.resolve("../../../../stages/tensorflow/library/open_library.ts");
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { openLibrary } from ${JSON.stringify(module)};
        try { openLibrary(); } catch (error) { console.log(String(error)); }`,
      ],
      cwd: new URL("../../../../", import.meta.url),
      env: { TENSORFLOW_LIBRARY: path },
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.match(
      text,
      /^error: .* cannot be opened as TensorFlow's C library: .*\nfix: it needs lib/,
    );
  });
});

Deno.test("the started backend describes itself by version, device and threads", async () => {
  const { description } = await testCompute();
  assert.match(description, /^TensorFlow 2\.21\.\d+ on (CPU|GPU), 2 threads$/);
});
