import assert from "node:assert/strict";
import { runToy } from "../../support/toy_command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const experiment = `name: examined
seed: 1
stages:
  numbers: { use: toy_read, file: numbers.txt }
  tuned:
    use: toy_train
    numbers: numbers
    steps: 10
    matrix: { alignment: [none, singular], seed: [1, 2, 3] }
`;

function prepared(numbers: string | undefined) {
  const folder = temporaryFolder();
  const path = (name: string) => `${folder.path}/${name}`;
  Deno.writeTextFileSync(path("toy.yaml"), experiment);
  if (numbers !== undefined) Deno.writeTextFileSync(path("numbers.txt"), numbers);
  const doctorWith = (env: Record<string, string>, ...more: string[]) =>
    runToy(["doctor", path("toy.yaml"), "--results", path("results"), ...more], { env });
  const doctor = (...more: string[]) => doctorWith({}, ...more);
  return { path, doctor, doctorWith, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

Deno.test("doctor lists what a run needs and estimates its time over all points, and writes nothing", async () => {
  using place = prepared("1\n2\n3\n");
  const { code, out, err } = await place.doctor();
  assert.equal(code, 0, err);
  const lines = out.trim().split("\n");
  assert.deepEqual(lines.filter((line) => !/memory|disk/.test(line)), [
    `ok    ${place.path("numbers.txt")}: numbers, one per line, 6 bytes`,
    "ok    a toy computes",
    "ok    numbers: 3 numbers",
    "ok    tuned[alignment=none,seed=1]: 10 steps on 3 numbers",
    "ok    tuned[alignment=singular,seed=1]: 10 steps on 3 numbers",
    "estimated time, if nothing is stored yet:",
    "  numbers: 1 x 3.0 s",
    "  tuned: 6 x 30 s",
    "  about 3 min 3 s in total",
    "ready to run",
  ]);
  assert.match(
    out,
    /^ok {4}a run needs about 1\.0 MB of memory; [\d.]+ GB of [\d.]+ GB are free$/m,
  );
  assert.match(out, /^ok {4}a run needs about 1\.0 kB of disk space; [\d.]+ [GT]B are free$/m);
  assert.throws(() => Deno.statSync(place.path("results")), Deno.errors.NotFound);
});

Deno.test("doctor compares the memory of a GPU with what one stage needs, and names what to lower", async () => {
  using place = prepared("1\n2\n3\n");
  const enough = await place.doctorWith({ TOY_GPU_MEMORY: "2000000" });
  assert.equal(enough.code, 0);
  const stage = "tuned[alignment=none,seed=1]";
  const needs = (size: string) =>
    `${stage} needs about 1.0 MB of a GPU's memory, which has ${size}`;
  assert.ok(enough.out.includes(`ok    ${needs("2.0 MB")}\n`), enough.out);
  const small = await place.doctorWith({ TOY_GPU_MEMORY: "900000" }, "--jobs", "2");
  assert.equal(small.code, 2);
  assert.ok(
    small.out.includes(
      `BAD   ${needs("900 kB")}\n      fix: lower \`steps\` (10), or use a smaller model or a ` +
        "device with more memory\n",
    ),
    small.out,
  );
});

Deno.test("doctor checks everything else when a file is missing, and ends with 2", async () => {
  using place = prepared(undefined);
  const { code, out } = await place.doctor();
  assert.equal(code, 2);
  assert.equal(
    out,
    `BAD   missing: ${place.path("numbers.txt")}
      numbers, one per line
      about 1 kB
      fix: put it there, or set its path: --set numbers.file=PATH
ok    a toy computes
the time cannot be estimated
not ready to run: 1 problem to fix first
`,
  );
});

Deno.test("doctor reports a faulty file as a run would", async () => {
  using place = prepared("1\nx\n");
  const { code, out } = await place.doctor("--only", "numbers");
  assert.equal(code, 2);
  assert.match(
    out,
    /\nBAD {3}numbers: x is no number\n {6}\/.*numbers\.txt\n {6}fix: write numbers\n/,
  );
});

Deno.test("doctor takes options of run and refuses others", async () => {
  using place = prepared("1\n");
  const { out } = await place.doctor("--set", "tuned.steps=3", "--jobs", "2");
  assert.match(out, /tuned: 6 x 3\.0 s/);
  assert.match(out, /shared by 2 jobs/);
  const { code, err } = await place.doctor("--plan");
  assert.equal(code, 2);
  assert.match(err, /`doctor` has no option `--plan`/);
});
