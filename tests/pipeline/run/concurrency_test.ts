import assert from "node:assert/strict";
import fc from "fast-check";
import { concurrencyOf } from "../../../pipeline/run/concurrency.ts";
import { budgetOf, FreeResources } from "../../../pipeline/run/resources.ts";
import { runToy } from "../../support/toy_command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const GiB = 2 ** 30;
const machine = { cores: 8, memory: 64 * GiB };
const silent = { threads: undefined };

Deno.test("if the experiment does not set `threads`, one stage at a time uses all cores", () => {
  assert.deepEqual(concurrencyOf({}, silent, machine), { threads: 8, jobs: 1 });
  assert.deepEqual(concurrencyOf({ threads: 2 }, silent, machine), { threads: 2, jobs: 1 });
  assert.deepEqual(concurrencyOf({ jobs: 3 }, silent, machine), { threads: 8, jobs: 3 });
});

Deno.test("an experiment's threads fill the cores with stages, unless the command line says otherwise", () => {
  assert.deepEqual(concurrencyOf({}, { threads: 1 }, machine), { threads: 1, jobs: 8 });
  assert.deepEqual(concurrencyOf({}, { threads: 3 }, machine), { threads: 3, jobs: 2 });
  assert.deepEqual(concurrencyOf({ threads: 4 }, { threads: 1 }, machine), { threads: 4, jobs: 2 });
  assert.deepEqual(concurrencyOf({ jobs: 1 }, { threads: 1 }, machine), { threads: 1, jobs: 1 });
  assert.deepEqual(concurrencyOf({ jobs: 20 }, { threads: 1 }, machine), { threads: 1, jobs: 20 });
});

Deno.test("by default there are at most as many stages at once as 2 GiB fit into the memory", () => {
  const jobs = (memory: number, given = {}) =>
    concurrencyOf(given, { threads: 1 }, { cores: 8, memory }).jobs;
  assert.equal(jobs(16 * GiB), 8);
  assert.equal(jobs(16 * GiB - 1), 7);
  assert.equal(jobs(GiB), 1);
  assert.equal(jobs(64 * GiB, { memory: 6 * GiB }), 3, "of the memory that a run may use");
  assert.equal(jobs(GiB, { jobs: 5 }), 5);
});

Deno.test("an experiment's threads do not depend on the machine, and a computing stage always runs", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 1, max: 16 }),
    fc.integer({ min: 1, max: 100 }),
    (threads, cores, gibibytes) => {
      const machine = { cores, memory: gibibytes * GiB, visibleGpus: [] };
      const found = concurrencyOf({}, { threads }, machine);
      assert.equal(found.threads, threads);
      assert.ok(found.jobs >= 1 && (found.jobs === 1 || found.jobs * threads <= cores));
      const free = new FreeResources(budgetOf(found, machine));
      const one = { threads, memory: 0, gpus: 0 };
      let running = 0;
      while (free.take(one) !== undefined) running++;
      assert.equal(running, found.jobs);
    },
  ));
});

Deno.test("GPUs limit the stages at once, however many jobs there are", () => {
  const found = concurrencyOf({}, { threads: 1 }, machine);
  const free = new FreeResources(budgetOf(found, { ...machine, visibleGpus: ["0"] }));
  const one = { threads: 1, memory: 0, gpus: 1 };
  assert.ok(free.take(one) !== undefined);
  assert.equal(free.take(one), undefined);
});

const stages = `
seed: 1
stages:
  numbers: { use: toy_read, file: numbers.txt }
  tuned: { use: toy_train, numbers: numbers, steps: 3, matrix: { seed: [1, 2] } }
  recall: { use: toy_evaluate, model: tuned, numbers: numbers }
`;

Deno.test("every command uses the experiment's threads unless it is given others", async () => {
  using folder = temporaryFolder();
  const [file, other] = [`${folder.path}/e.yaml`, `${folder.path}/other.yaml`];
  Deno.writeTextFileSync(file, `name: toy\nthreads: 1${stages}`);
  Deno.writeTextFileSync(`${folder.path}/numbers.txt`, "1\n2\n3\n");
  Deno.writeTextFileSync(other, `name: other${stages}`);
  const results = ["--results", `${folder.path}/results`];
  const toy = async (...args: string[]) => {
    const { code, out, err } = await runToy([...args, ...results]);
    assert.equal(code, 0, out + err);
    return out;
  };
  const planned = async (...args: string[]) =>
    JSON.parse(await toy("run", ...args, "--plan", "--json"));
  const keys = async (...args: string[]) =>
    (await planned(...args)).stages.map(({ key }: { key: string }) => key);

  const { jobs } = concurrencyOf({}, { threads: 1 }, {
    cores: navigator.hardwareConcurrency,
    memory: Deno.systemMemoryInfo().total,
  });
  const plan = await planned(file);
  assert.deepEqual([plan.threads, plan.jobs], [1, jobs]);
  assert.match(
    await toy("run", file, "--plan", "--jobs", "3"),
    /^5 of 5 stages would run, up to 3 at once, with 1 thread in each that computes$/m,
  );
  assert.deepEqual(await keys(file), await keys(other, "--threads", "1"));
  assert.deepEqual(await keys(file, "--set", "threads=2"), await keys(other, "--threads", "2"));
  assert.notDeepEqual(await keys(file, "--threads", "2"), await keys(file));
  assert.deepEqual(await keys(file, "--set", "threads=2", "--threads", "1"), await keys(file));

  await toy("run", file);
  assert.match(await toy("run", file), /^nothing to run: all 5 stages are up to date\n/);
  assert.match(await toy("status", file), /^toy: all 5 stages are stored\n/);
  assert.match(await toy("status", file, "--threads", "2"), /^toy: 1 of 5 stages are stored\n/);
  assert.match(await toy("why", file, "tuned[seed=1]"), /: no differences; stored and complete\n/);
  assert.match(await toy("why", file, "tuned[seed=1]", "--threads", "2"), /threads/);
  const page = ["--page", `${folder.path}/page.html`];
  assert.match(await toy("search", file, "a dog", ...page), /^tuned\[seed=1\], split test\n/);
  assert.match(await toy("wrong", file, ...page), /^recall\[seed=1\], split test: /);
  assert.match(await toy("verify", file), /^5 of 5 recomputed in .*: all bits equal$/m);
  const doctor = await toy("doctor", file);
  assert.equal(/shared by (\d+) jobs/.exec(doctor)?.[1] ?? "1", String(jobs));
  const threads = "SELECT DISTINCT versions->>'threads' AS threads FROM stage_run " +
    "WHERE kind <> 'toy_read'";
  assert.equal(await toy("sql", threads, "--format", "csv"), "threads\r\n1\r\n");
});
