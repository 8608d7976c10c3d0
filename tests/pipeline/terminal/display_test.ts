import assert from "node:assert/strict";
import { makeDisplay } from "../../../pipeline/terminal/display.ts";
import { formatSeconds } from "../../../pipeline/terminal/terminal_text.ts";

function display(live: boolean) {
  const written: string[] = [];
  let time = 0;
  const clock = { now: () => "", seconds: () => time };
  const made = makeDisplay({
    write: (text) => written.push(text),
    clock,
    live,
    colour: false,
    width: () => 80,
  });
  const pass = (seconds: number) => time += seconds;
  return { made, written, pass };
}

const progress = (done: number) =>
  ({ type: "progress", done, total: 400, unit: "steps", note: "loss 0.12" }) as const;

Deno.test("without a terminal, whole lines are printed, at most one per stage in ten seconds", () => {
  const { made, written, pass } = display(false);
  made.begin("tuned", "not computed yet");
  for (let second = 0; second < 25; second++) {
    made.update("tuned", progress(4 * second));
    pass(1);
  }
  made.end("tuned", "done");
  assert.deepEqual(written, [
    "tuned: started (not computed yet)\n",
    "tuned  40/400 steps · 4.0/s · 1 min 30 s left · loss 0.12\n",
    "tuned  80/400 steps · 4.0/s · 1 min 20 s left · loss 0.12\n",
    "done tuned 25 s\n",
  ]);
});

Deno.test("a stage that moves on to other work shows the speed and remaining time of that work", () => {
  const { made, written, pass } = display(false);
  made.begin("branches", "not computed yet");
  for (let second = 0; second < 5; second++) {
    made.update("branches", {
      type: "progress",
      done: 800 * second,
      total: 3200,
      unit: "captions",
    });
    pass(1);
  }
  for (let second = 0; second < 16; second++) {
    made.update("branches", progress(4 * second));
    pass(1);
  }
  assert.deepEqual(written.slice(1), [
    "branches  20/400 steps · 4.0/s · 1 min 35 s left · loss 0.12\n",
    "branches  60/400 steps · 4.0/s · 1 min 25 s left · loss 0.12\n",
  ]);
});

Deno.test("on a terminal, a live line is redrawn in place and fits the width", () => {
  const { made, written, pass } = display(true);
  made.begin("tuned[alignment=distributed,seed=3,checkpoint=long,steps=400]", "not computed yet");
  for (let second = 0; second < 3; second++) {
    pass(1);
    made.update("tuned[alignment=distributed,seed=3,checkpoint=long,steps=400]", progress(second));
  }
  made.line("a permanent line");
  const text = written.join("");
  for (const line of text.split("\n")) {
    // deno-lint-ignore no-control-regex
    assert.ok([...line.replace(/\x1b\[\d*[A-Z]/g, "")].length <= 79, line);
  }
  assert.ok(text.includes("\x1b[1A\x1b[0J"));
  assert.ok(text.includes("a permanent line\n"));
});

Deno.test("durations use units that fit their size", () => {
  assert.deepEqual([0.04, 9.94, 12.4, 65, 7500].map(formatSeconds), [
    "0.0 s",
    "9.9 s",
    "12 s",
    "1 min 5 s",
    "2 h 5 min",
  ]);
});
