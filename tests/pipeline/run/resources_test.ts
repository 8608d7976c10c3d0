import assert from "node:assert/strict";
import fc from "fast-check";
import { type Budget, budgetOf, FreeResources, jobsNote } from "../../../pipeline/run/resources.ts";

const budget: Budget = { jobs: 4, threads: 4, memory: 100, gpus: 2 };
const one = { threads: 1, memory: 0, gpus: 0 };

Deno.test("stages run at once as far as jobs, threads, memory and GPUs allow", () => {
  const free = (more: object) => new FreeResources({ ...budget, ...more });
  const fit = (resources: FreeResources, wanted: object) => {
    let count = 0;
    while (count < 9 && resources.take({ ...one, ...wanted }) !== undefined) count++;
    return count;
  };
  assert.equal(fit(free({ jobs: 3 }), {}), 3);
  assert.equal(fit(free({}), { threads: 2 }), 2);
  assert.equal(fit(free({}), { memory: 34 }), 2);
  assert.equal(fit(free({}), { gpus: 1 }), 2);
});

Deno.test("a stage that needs more than the budget runs alone", () => {
  const free = new FreeResources(budget);
  const share = free.take({ ...one, memory: 1000 });
  assert.ok(share !== undefined);
  assert.equal(free.take(one), undefined);
  free.giveBack(share);
  assert.ok(free.take(one) !== undefined);
  assert.equal(free.take({ ...one, memory: 1000 }), undefined);
});

Deno.test("GPUs are assigned by number, each to one stage", () => {
  const free = new FreeResources(budget);
  const first = free.take({ ...one, gpus: 1 })!;
  const second = free.take({ ...one, gpus: 1 })!;
  assert.deepEqual([first.gpus, second.gpus], [[0], [1]]);
  free.giveBack(first);
  assert.deepEqual(free.take({ ...one, gpus: 1 })!.gpus, [0]);
});

Deno.test("a stage uses the requested threads, even on a machine with fewer cores", () => {
  const machine = { cores: 2, memory: 8, visibleGpus: ["3"] };
  assert.deepEqual(budgetOf({ jobs: 3, threads: 4 }, machine), {
    jobs: 3,
    threads: 4,
    memory: 8,
    gpus: 1,
  });
  assert.deepEqual(budgetOf({ jobs: 1, threads: 1, memory: 5, gpus: 2 }, machine), {
    jobs: 1,
    threads: 2,
    memory: 5,
    gpus: 1,
  });
});

Deno.test("a note says when threads leave no room for the requested jobs, and what would help", () => {
  assert.equal(
    jobsNote({ jobs: 2, threads: 2 }, { cores: 2 }, 5),
    "note: with 2 threads each on 2 cores, only one computing stage runs at once; " +
      "--threads 1 would allow 2, with results that differ in the last digits",
  );
  assert.equal(
    jobsNote({ jobs: 16, threads: 3 }, { cores: 8 }, 16),
    "note: with 3 threads each on 8 cores, 2 computing stages run at once; " +
      "--threads 1 would allow 8, with results that differ in the last digits",
  );
  assert.equal(
    jobsNote({ jobs: 3, threads: 1 }, { cores: 2 }, 3),
    "note: with 1 thread each on 2 cores, 2 computing stages run at once",
  );
  assert.equal(jobsNote({ jobs: 2, threads: 1 }, { cores: 2 }, 5), undefined);
  assert.equal(jobsNote({ jobs: 9, threads: 2 }, { cores: 2 }, 1), undefined);
});

Deno.test("only a stage that runs alone ever exceeds a budget", () => {
  const wanted = fc.record({
    threads: fc.integer({ min: 1, max: 6 }),
    memory: fc.integer({ min: 0, max: 150 }),
    gpus: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(fc.property(fc.array(fc.tuple(wanted, fc.boolean())), (steps) => {
    const free = new FreeResources(budget);
    const held: { share: ReturnType<FreeResources["take"]> & object; wanted: typeof one }[] = [];
    for (const [wanted, back] of steps) {
      if (back && held.length > 0) free.giveBack(held.shift()!.share);
      const share = free.take(wanted);
      if (share === undefined) assert.ok(held.length > 0);
      else held.push({ share, wanted });
      const sum = (name: keyof typeof one) =>
        held.reduce((all, { wanted }) => all + wanted[name], 0);
      if (held.length > 1) {
        assert.ok(held.length <= budget.jobs && sum("threads") <= budget.threads);
        assert.ok(sum("memory") <= budget.memory && sum("gpus") <= budget.gpus);
      }
      const gpus = held.flatMap(({ share }) => share.gpus);
      assert.equal(new Set(gpus).size, gpus.length);
    }
  }));
});
