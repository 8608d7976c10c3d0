import assert from "node:assert/strict";
import fc from "fast-check";
import { type GcPolicy, planGc, type StoreContents } from "../../../pipeline/plan/gc_plan.ts";

const now = 1000;
const policy: GcPolicy = { keepLast: 1, olderThan: 0, now };
const artifact = (key: string, inputs: string[] = [], made = 0) => ({
  key,
  stage: "s",
  evaluation: false,
  label: key,
  experiment: "e",
  bytes: 10,
  made,
  inputs,
});
const request = (
  id: string,
  experiment: string,
  requested: number,
  keys: string[],
  more: { readonly changed?: boolean; readonly file?: string } = {},
) => ({ id, experiment, changed: false, requested, keys, ...more });
const contents = (more: Partial<StoreContents>): StoreContents => ({
  artifacts: [artifact("a"), artifact("b", ["a"]), artifact("c", ["a"]), artifact("d")],
  pending: [],
  setAside: [],
  requests: [
    request("1", "e", 1, ["a", "b"]),
    request("2", "e", 2, ["c"]),
    request("3", "f", 1, ["d"]),
  ],
  live: new Set(),
  ...more,
});
const freed = (more: Partial<StoreContents>, how: Partial<GcPolicy> = {}) =>
  planGc(contents(more), { ...policy, ...how }).artifacts.map(({ key }) => key);

Deno.test("the last request of each experiment is kept, with everything it was computed from", () => {
  assert.deepEqual(freed({}), ["b"]);
  assert.deepEqual(freed({}, { keepLast: 2 }), []);
  assert.deepEqual(freed({}, { keepExperiments: ["e"] }), ["b", "d"]);
  assert.deepEqual(freed({}, { keepExperiments: ["f"] }), ["a", "b", "c"]);
  assert.deepEqual(freed({ requests: [] }), ["a", "b", "c", "d"]);
});

Deno.test("failed and incomplete requests take no place from complete ones", () => {
  const requests = [
    request("1", "e", 1, ["a", "b"]),
    request("2", "e", 2, ["a", "missing"]),
    request("3", "e", 3, ["d", "lost"]),
  ];
  assert.deepEqual(freed({ requests }), ["c"]);
  assert.deepEqual(freed({ requests }, { keepLast: 2 }), ["c"]);
  // What is incomplete since long is not kept.
  const since = [...requests, request("4", "e", 4, ["c"])];
  assert.deepEqual(freed({ requests: since }), ["b", "d"]);
  // Nothing is complete: the last one is kept.
  const never = requests.map((one) => ({ ...one, keys: [...one.keys, "never"] }));
  assert.deepEqual(freed({ requests: never }), ["a", "b", "c"]);
});

Deno.test("a try with --set, or another file with the same name, takes no place from a file's results", () => {
  const real = request("1", "e", 1, ["a", "b"], { file: "/e.yaml" });
  const tries = [2, 3].map((time) =>
    request(String(time), "e", time, [time === 2 ? "c" : "d"], { file: "/e.yaml", changed: true })
  );
  assert.deepEqual(freed({ requests: [real, ...tries] }), ["c"]);
  const other = request("4", "e", 4, ["d"], { file: "/copy.yaml" });
  assert.deepEqual(freed({ requests: [real, other] }), ["c"]);
});

Deno.test("results that a live run holds and young results stay, with their inputs", () => {
  assert.deepEqual(freed({ live: new Set(["b"]) }, { keepExperiments: [] }), ["c", "d"]);
  const young = [artifact("a"), artifact("b", ["a"], 950), artifact("c", ["a"], 100)];
  assert.deepEqual(freed({ artifacts: young, requests: [] }, { olderThan: 100 }), ["c"]);
});

Deno.test("a request is deleted when something that only it needs is deleted", () => {
  const ids = (how: Partial<GcPolicy>) =>
    planGc(contents({}), { ...policy, ...how }).requests.map(({ id }) => id);
  assert.deepEqual(ids({}), ["1"]);
  assert.deepEqual(ids({ keepLast: 2 }), []);
  assert.deepEqual(ids({ keepExperiments: ["f"] }), ["1", "2"]);
});

Deno.test("pending folders of kept requests stay, so that they can resume; others are deleted", () => {
  const left = (name: string, changed = 0) => ({ name, bytes: 1, changed });
  const { pending, setAside } = planGc(
    contents({
      pending: [left("c"), left("x"), left("y", 999)],
      setAside: [left("old"), left("new", 999)],
    }),
    { ...policy, olderThan: 100 },
  );
  assert.deepEqual(pending.map(({ name }) => name), ["x"]);
  assert.deepEqual(setAside.map(({ name }) => name), ["old"]);
});

Deno.test("nothing that a kept request or a live run needs, directly or indirectly, is ever deleted", () => {
  const key = fc.integer({ min: 0, max: 9 }).map(String);
  const store = fc.record({
    artifacts: fc.array(fc.tuple(key, fc.array(key, { maxLength: 3 }), fc.nat(1000)), {
      maxLength: 10,
    }),
    requests: fc.array(
      fc.tuple(fc.constantFrom("e", "f", "g"), fc.nat(1000), fc.array(key, { maxLength: 4 })),
      { maxLength: 8 },
    ),
    live: fc.array(key, { maxLength: 2 }),
    keepLast: fc.integer({ min: 1, max: 3 }),
    olderThan: fc.nat(1000),
  });
  fc.assert(fc.property(store, ({ artifacts, requests, live, keepLast, olderThan }) => {
    // Inputs come from lower keys, as a DAG.
    const all = new Map(
      artifacts.map(([key, inputs, made]) => [
        key,
        artifact(key, inputs.filter((input) => input < key), made),
      ]),
    );
    const stored = requests.map(([experiment, time, keys], id) =>
      request(String(id), experiment, time, keys)
    );
    const plan = planGc(
      contents({ artifacts: [...all.values()], requests: stored, live: new Set(live) }),
      { ...policy, keepLast, olderThan },
    );
    const gone = new Set(plan.artifacts.map(({ key }) => key));
    const need = (key: string) => {
      assert.ok(!gone.has(key));
      all.get(key)?.inputs.forEach(need);
    };
    live.forEach(need);
    for (const own of Map.groupBy(stored, ({ experiment }) => experiment).values()) {
      const last = own.toSorted((a, b) => b.requested - a.requested || (a.id < b.id ? -1 : 1));
      last.slice(0, keepLast).forEach(({ keys }) => keys.forEach(need));
      last.filter(({ keys }) => keys.every((key) => all.has(key))).slice(0, keepLast)
        .forEach(({ keys }) => keys.forEach(need));
    }
    for (const { made } of plan.artifacts) assert.ok(now - made >= olderThan);
    for (const { key, inputs } of all.values()) if (!gone.has(key)) inputs.forEach(need);
  }));
});

Deno.test("records go with the runs and the code that they are about, unless they are new", () => {
  const record = (name: string, owners: string[], changed = -9000) => ({
    name,
    owners,
    changed,
    bytes: 1,
  });
  const { records } = planGc(
    contents({
      artifacts: [{ ...artifact("a"), code: "code of a" }, { ...artifact("x"), code: "code of x" }],
      requests: [{ ...request("1", "e", 1, ["a", "missing"]), code: ["code of missing"] }],
      live: new Set(["live"]),
      records: [
        record("certificate of a", ["a"]),
        record("failure of missing", ["missing"]),
        record("failure of live", ["live"]),
        record("certificate of x", ["x"]),
        record("code of a", ["code of a"]),
        record("code of missing", ["code of missing"]),
        record("code of x", ["code of x"]),
        record("text of both", ["code of a", "code of x"]),
        record("text of none", []),
        record("text of a run that has just started", [], now - 1800),
      ],
    }),
    policy,
  );
  assert.deepEqual(
    records.map(({ name }) => name),
    ["certificate of x", "code of x", "text of none"],
  );
});
