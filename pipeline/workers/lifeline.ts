/**
 * A thread of a worker process that reads standard input and forwards commands to the main thread.
 * When the pipeline dies, its end of the pipe closes and this thread kills the process, even while
 * the main thread is in native code. So no orphaned process keeps writing.
 */
import { TextLineStream } from "./protocol.ts";

let closed = false;
for await (const line of Deno.stdin.readable.pipeThrough(new TextLineStream())) {
  closed ||= line === JSON.stringify({ type: "close" });
  self.postMessage(line);
}
if (!closed) Deno.kill(Deno.pid, "SIGKILL");
