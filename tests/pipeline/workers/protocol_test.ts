import assert from "node:assert/strict";
import {
  longestLine,
  readWorkerLine,
  TextLineStream,
  workerLine,
} from "../../../pipeline/workers/protocol.ts";

async function linesOf(chunks: Iterable<string>, longest?: number): Promise<string[]> {
  const bytes = Iterator.from(chunks).map((text) => new TextEncoder().encode(text));
  return await Array.fromAsync(ReadableStream.from(bytes).pipeThrough(new TextLineStream(longest)));
}

Deno.test("text is cut at its line ends, however it arrives", async () => {
  assert.deepEqual(await linesOf(["a\nb", "c\n\n", "d"]), ["a", "bc", "", "d"]);
  assert.deepEqual(await linesOf(["a\n"]), ["a"]);
  assert.deepEqual(await linesOf([]), []);
});

Deno.test("text without a line end is cut into lines as it arrives, and nothing of it is lost", async () => {
  const piece = "x".repeat(longestLine);
  const pieces = Iterator.from({
    *[Symbol.iterator]() {
      for (let count = 0; count < 500; count++) yield piece;
    },
  });
  const lines = await linesOf(pieces, longestLine);
  assert.ok(lines.every(({ length }) => length <= 2 * longestLine));
  assert.equal(lines.reduce((sum, { length }) => sum + length, 0), 500 * longestLine);
});

Deno.test("an event is not cut, however long it is", async () => {
  const line = workerLine({ type: "say", line: "y".repeat(5 * longestLine) });
  assert.deepEqual(await linesOf(["text", line], longestLine), [`text${line.slice(0, -1)}`]);
});

Deno.test("an event is read back, with the text before it", () => {
  const event = { type: "progress", done: 1, total: 2, unit: "steps" } as const;
  const line = workerLine(event).slice(0, -1);
  assert.deepEqual(readWorkerLine(`loading ${line}`), { text: "loading ", event });
  assert.deepEqual(readWorkerLine("no event"), { text: "no event", event: undefined });
});

Deno.test("what a stage prints is text, even if it looks like an event", () => {
  for (
    const json of [
      ...["", "{", "null", "[]", '"say"', "{}", '{"type":"gone"}', '{"type":"constructor"}'],
      ...['{"type":"say"}', '{"type":"say","line":3}', '{"type":"failed"}', '{"type":"filled"}'],
      ...['{"type":"progress","done":"1"}'],
    ]
  ) {
    const line = `a\x1e${json}`;
    assert.deepEqual(readWorkerLine(line), { text: line, event: undefined });
  }
});
