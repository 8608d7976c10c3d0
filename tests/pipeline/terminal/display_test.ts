import assert from "node:assert/strict";
import { makeDisplay } from "../../../pipeline/terminal/display.ts";
import { eventDisplay } from "../../../pipeline/terminal/event_display.ts";
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

Deno.test("what a stage says cannot command the terminal, or pass for a line of the program", () => {
  const { made, written, pass } = display(false);
  made.begin("tuned[x=\x1b[2J]", "why\x07");
  made.update("tuned[x=\x1b[2J]", { type: "say", line: "\x1b]0;title\x07\nerror: made up\r" });
  pass(20);
  const note = "a\nb\x9b";
  made.update("tuned[x=\x1b[2J]", { type: "progress", done: 0, total: 1, unit: "steps", note });
  made.announce("failure", "error: \x1b[31m", {});
  made.end("tuned[x=\x1b[2J]", "done");
  assert.deepEqual(written, [
    "tuned[x=\\u001b[2J]: started (why\\u0007)\n",
    "tuned[x=\\u001b[2J]: \\u001b]0;title\\u0007\n",
    "tuned[x=\\u001b[2J]: error: made up\\r\n",
    "tuned[x=\\u001b[2J]  0/1 steps · a\\nb\\u009b\n",
    "error: \\u001b[31m\n",
    "done tuned[x=\\u001b[2J] 20 s\n",
  ]);
});

Deno.test("events are JSON without a control character", () => {
  const written: string[] = [];
  const clock = { now: () => "now", seconds: () => 0 };
  const made = eventDisplay({ write: (text) => written.push(text), clock });
  made.line("\x1b[2J\x9b\u202e");
  assert.deepEqual(written, [
    '{"event":"note","time":"now","text":"\\u001b[2J\\u009b\\u202e"}\n',
  ]);
});
