import assert from "node:assert/strict";
import { liveFeed } from "../../../results/watch/live_feed.ts";

/** A look that is told from outside what it sees. */
function toldLook() {
  let answer = Promise.withResolvers<string>();
  let asked = Promise.withResolvers<void>();
  let count = 0;
  return {
    look() {
      count++;
      asked.resolve();
      return answer.promise;
    },
    get count() {
      return count;
    },
    /** Until it is asked. */
    asked: () => asked.promise,
    tell(html: string) {
      const { resolve } = answer;
      [answer, asked] = [Promise.withResolvers(), Promise.withResolvers()];
      resolve(html);
    },
  };
}

const nextEvent = async (reader: ReadableStreamDefaultReader<Uint8Array>) =>
  new TextDecoder().decode((await reader.read()).value);

Deno.test("all listeners are told by one look, a later one what was seen last", async () => {
  const stop = new AbortController();
  const told = toldLook();
  const feed = liveFeed(told.look, { period: 1, signal: stop.signal });
  const [one, other] = [feed.stream().getReader(), feed.stream().getReader()];
  await told.asked();
  told.tell("first");
  const event = `data: {"html":"first"}\n\n`;
  assert.deepEqual([await nextEvent(one), await nextEvent(other)], [event, event]);
  await told.asked();
  assert.equal(told.count, 2);
  const later = feed.stream().getReader();
  assert.equal(await nextEvent(later), event);
  told.tell("first");
  assert.equal(await nextEvent(later), ": nothing new\n\n");
  await told.asked();
  stop.abort();
  told.tell("unheard");
  await feed.settled();
});

Deno.test("who stops waits for the look that goes on, and nothing is looked at after it", async () => {
  const stop = new AbortController();
  const told = toldLook();
  const feed = liveFeed(told.look, { period: 1, signal: stop.signal });
  const reader = feed.stream().getReader();
  await told.asked();
  stop.abort();
  let settled = false;
  const settling = feed.settled().then(() => settled = true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(settled, false);
  told.tell("unheard");
  await settling;
  assert.equal((await reader.read()).done, true);
  void feed.stream();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(told.count, 1);
});

Deno.test("a look that fails is tried again", async () => {
  const stop = new AbortController();
  let looks = 0;
  const look = () =>
    ++looks < 3 ? Promise.reject(new Error("taken")) : Promise.resolve("now it is free");
  const feed = liveFeed(look, { period: 1, signal: stop.signal });
  assert.equal(await nextEvent(feed.stream().getReader()), `data: {"html":"now it is free"}\n\n`);
  stop.abort();
  await feed.settled();
});
