/**
 * A thread of a worker process that reads standard input. When the pipeline is gone, its end of
 * the pipe closes, and this thread kills the process even while the main thread is deep in native
 * code: no orphan writes on. Commands go to the main thread as messages.
 */
import { TextLineStream } from "./text_lines.ts";

let closed = false;
for await (const line of Deno.stdin.readable.pipeThrough(new TextLineStream())) {
  closed ||= line === JSON.stringify({ type: "close" });
  self.postMessage(line);
}
if (!closed) Deno.kill(Deno.pid, "SIGKILL");
