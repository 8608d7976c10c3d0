/**
 * Damaged checkpoints, 10,000 of each format: each gives a result or a Complaint that names the file,
 * quickly and within memory proportional to the file. The pickles are PyTorch's own, shortened.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import {
  type WritableTensor,
  writeSafetensors,
} from "../../../../stages/data/formats/safetensors.ts";
import { readCheckpoint } from "../../../../stages/model/checkpoint/checkpoint.ts";
import type { HostWeights } from "../../../../stages/model/weights.ts";
import { type Damage, damage } from "../../../support/damage.ts";
import { goldenFile } from "../../../support/goldens.ts";
import { bytesFrom, streamOf, zipOf } from "../../../support/pytorch_files.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";
import { tries } from "../../../support/long_test.ts";

const RUNS = tries({ short: 200, long: 10_000 });

/** Pickle instructions, both followed and refused. */
const opcodes = [..."().0124BCFGIJKLMNPQRSTUVX]acdeghijlopqrstu}"].map((letter) =>
  letter.charCodeAt(0)
)
  .concat(Array.from({ length: 0x19 }, (_, i) => 0x80 + i));

/** Replaces instructions by others, and by pieces of other pickles. */
const pickleDamage: fc.Arbitrary<Damage> = fc.array(
  fc.record({
    at: fc.nat({ max: 2 ** 20 }),
    by: fc.oneof(
      fc.constantFrom(...opcodes).map((code) => Uint8Array.of(code)),
      fc.constantFrom(
        "cos\nsystem\n",
        "h\x03",
        "q\x00",
        "K\x00",
        "J\xff\xff\xff\x7f",
        "\x86",
        "(",
        "u.",
      )
        .map(bytesFrom),
    ),
  }),
  { minLength: 1, maxLength: 3 },
).map((changes) => (bytes) => {
  const damaged = bytes.slice();
  for (const { at, by } of changes) damaged.set(by, at % (bytes.length - by.length));
  return damaged;
});

/** The first three tensors of the release's file, with 96 numbers each. */
function shorten(pickle: string, attributes: string): Uint8Array {
  const fourth = pickle.indexOf("X\x22\x00\x00\x00uniter.embeddings.LayerNorm.weight");
  assert.ok(fourth > 0);
  const short = pickle.slice(0, fourth)
    .replace("M\x80\x16", "M\x60\x00").replace("K\x78K0", "K\x02K0")
    .replace("M\x00\x0c", "M\x60\x00").replace("K\x40K0", "K\x02K0");
  return bytesFrom(`${short}u${attributes}.`);
}

const storageKeys = (pickle: Uint8Array): string[] => {
  const letters = String.fromCharCode(...pickle);
  return Array.from(letters.matchAll(/X.\0\0\0(\d+)q/gs), ([, key]) => key!);
};

/** The file's text from the object's pickle on. */
function pickleIn(file: string): string {
  const release = new URL(`../../../golden/release/${file}`, import.meta.url);
  const letters = String.fromCharCode(...Deno.readFileSync(release).slice(0, 20_000));
  return letters.slice(letters.indexOf("\x80\x02ccollections"));
}

const values = Array.from(
  { length: 3 },
  (_, i) => Float32Array.from({ length: 96 }, (_, j) => i + j),
);
const metadata =
  "}X\x09\x00\x00\x00_metadatah\x00)RX\x00\x00\x00\x00}X\x07\x00\x00\x00versionK\x01sssb";

function zipFile(): Uint8Array {
  const pickle = shorten(pickleIn("model.pt"), metadata);
  const storages = storageKeys(pickle).map((key, i) =>
    [`data/${key}`, new Uint8Array(values[i]!.buffer)] as const
  );
  return zipOf(pickle, Object.fromEntries(storages));
}

function streamFile(): Uint8Array {
  const pickle = shorten(pickleIn("model_legacy.pt"), "");
  const storages = storageKeys(pickle).map((key, i) =>
    [key, { count: 96, bytes: new Uint8Array(values[i]!.buffer) }] as const
  );
  return streamOf(pickle, Object.fromEntries(storages));
}

async function safetensorsFile(folder: string): Promise<Uint8Array> {
  const tensors = new Map<string, WritableTensor>([
    ["a", { dtype: "F32", shape: [2, 48], data: values[0]! }],
    ["b.gamma", { dtype: "F16", shape: [96], data: Uint16Array.from(values[1]!) }],
    ["position_ids", { dtype: "I64", shape: [3], data: BigInt64Array.of(0n, 1n, 2n) }],
  ]);
  await writeSafetensors(`${folder}/x`, tensors);
  return await Deno.readFile(`${folder}/x`);
}

/** Reads damaged copies; checks those that are accepted and counts those that are refused. */
async function survive(
  path: string,
  whole: Uint8Array,
  { runs, check = () => {} }: { runs: number; check?: (found: HostWeights) => void },
): Promise<number> {
  let refused = 0;
  // A piece of each file is damaged more often than the rest: its start, where what matters is.
  const anywhere = fc.oneof(
    damage,
    damage.map((hurt): Damage => (bytes) => {
      const start = hurt(bytes.slice(0, 1200));
      const result = new Uint8Array(start.length + bytes.length - Math.min(1200, bytes.length));
      result.set(start);
      result.set(bytes.subarray(1200), start.length);
      return result;
    }),
    pickleDamage,
  );
  await fc.assert(
    fc.asyncProperty(anywhere, async (hurt) => {
      const bytes = hurt(whole);
      Deno.writeFileSync(path, bytes);
      try {
        const found = await readCheckpoint(path);
        const arrays = new Set(Object.values(found).map(({ values }) => values.buffer));
        const size = [...arrays].reduce((sum, { byteLength }) => sum + byteLength, 0);
        assert.ok(size <= 8 * bytes.length, `${size} bytes from a file of ${bytes.length}`);
        for (const { shape, values } of Object.values(found)) {
          assert.equal(values.length, shape.reduce((product, side) => product * side, 1));
        }
        check(found);
      } catch (error) {
        if (!(error instanceof Complaint)) throw error;
        assert.ok(String(error).includes(path), String(error));
        refused++;
      }
    }),
    { numRuns: runs },
  );
  return refused;
}

Deno.test("a damaged zip checkpoint gives the tensors that were saved, or a Complaint", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/model.pt`;
  const whole = zipFile();
  await Deno.writeFile(path, whole);
  const original = await readCheckpoint(path);
  assert.deepEqual(Object.values(original).map(({ values }) => values), values);
  const check = (found: HostWeights) => assert.deepEqual(found, original);
  const refused = await survive(path, whole, { runs: RUNS, check });
  assert.ok(refused > RUNS / 2, `only ${refused} were refused`);
});

Deno.test("a damaged stream checkpoint gives tensors or a Complaint", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/model.pt`;
  const whole = streamFile();
  await Deno.writeFile(path, whole);
  assert.deepEqual(Object.values(await readCheckpoint(path)).map(({ values }) => values), values);
  const refused = await survive(path, whole, { runs: RUNS });
  assert.ok(refused > RUNS / 3, `only ${refused} were refused`);
});

Deno.test("a damaged safetensors checkpoint gives tensors or a Complaint", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/model.safetensors`;
  const whole = await safetensorsFile(folder.path);
  await Deno.writeFile(path, whole);
  assert.deepEqual(Object.keys(await readCheckpoint(path)).sort(), ["a", "b.weight"]);
  const refused = await survive(path, whole, { runs: RUNS });
  assert.ok(refused > RUNS / 4, `only ${refused} were refused`);
});

for (const name of ["model.pt", "model_fp16.pt", "model_legacy.pt"]) {
  Deno.test(`a damaged ${name} of the release gives tensors or a Complaint`, async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/${name}`;
    const original = await readCheckpoint(goldenFile(name));
    const check = name.includes("legacy")
      ? () => {}
      : (found: HostWeights) => assert.deepEqual(found, original);
    const refused = await survive(path, await Deno.readFile(goldenFile(name)), {
      runs: tries({ short: 20, long: 200 }),
      check,
    });
    assert.ok(refused > 0);
  });
}
