import assert from "node:assert/strict";
import { liveFeed } from "../../../results/watch/live_feed.ts";

/** A `render` function whose results the test provides. */
function controlledRender() {
  let answer = Promise.withResolvers<string>();
  let called = Promise.withResolvers<void>();
  let count = 0;
  return {
    render() {
      count++;
      called.resolve();
      return answer.promise;
    },
    get count() {
      return count;
    },
    /** Resolves when `render` is called. */
    called: () => called.promise,
    provide(html: string) {
      const { resolve } = answer;
      [answer, called] = [Promise.withResolvers(), Promise.withResolvers()];
      resolve(html);
    },
  };
}

const nextEvent = async (reader: ReadableStreamDefaultReader<Uint8Array>) =>
  new TextDecoder().decode((await reader.read()).value);

Deno.test("all listeners get each view, rendered once; a later listener gets the latest view", async () => {
  const stop = new AbortController();
  const view = controlledRender();
  const feed = liveFeed(view.render, { period: 1, signal: stop.signal });
  const [one, other] = [feed.stream().getReader(), feed.stream().getReader()];
  await view.called();
  view.provide("first");
  const event = `data: {"html":"first"}\n\n`;
  assert.deepEqual([await nextEvent(one), await nextEvent(other)], [event, event]);
  await view.called();
  assert.equal(view.count, 2);
  const later = feed.stream().getReader();
  assert.equal(await nextEvent(later), event);
  view.provide("first");
  assert.equal(await nextEvent(later), ": unchanged\n\n");
  await view.called();
  stop.abort();
  view.provide("unsent");
  await feed.settled();
});

Deno.test("for a listener that does not read, only the next event and the latest view are kept", async () => {
  const stop = new AbortController();
  const view = controlledRender();
  const feed = liveFeed(view.render, { period: 1, signal: stop.signal });
  const [idle, busy] = [feed.stream().getReader(), feed.stream().getReader()];
  for (let count = 0; count < 20; count++) {
    await view.called();
    view.provide(`view ${count}`);
    assert.equal(await nextEvent(busy), `data: {"html":"view ${count}"}\n\n`);
  }
  await view.called();
  assert.equal(await nextEvent(idle), `data: {"html":"view 0"}\n\n`);
  assert.equal(await nextEvent(idle), `data: {"html":"view 19"}\n\n`);
  stop.abort();
  view.provide("unsent");
  await feed.settled();
  assert.equal((await idle.read()).done, true);
});

Deno.test("settled() waits for the view in progress, and nothing is rendered after it", async () => {
  const stop = new AbortController();
  const view = controlledRender();
  const feed = liveFeed(view.render, { period: 1, signal: stop.signal });
  const reader = feed.stream().getReader();
  await view.called();
  stop.abort();
  let settled = false;
  const settling = feed.settled().then(() => settled = true);
  await dueTimers();
  assert.equal(settled, false);
  view.provide("unsent");
  await settling;
  assert.equal((await reader.read()).done, true);
  void feed.stream();
  await dueTimers();
  assert.equal(view.count, 1);
});

/** Lets the timers run that are due: timers of equal delay run in the order in which they were set. */
async function dueTimers(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("a failed view is rendered again", async () => {
  const stop = new AbortController();
  let attempts = 0;
  const render = () =>
    ++attempts < 3 ? Promise.reject(new Error("taken")) : Promise.resolve("now it is free");
  const feed = liveFeed(render, { period: 1, signal: stop.signal });
  assert.equal(await nextEvent(feed.stream().getReader()), `data: {"html":"now it is free"}\n\n`);
  stop.abort();
  await feed.settled();
});
