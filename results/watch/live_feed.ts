/** Sends a view that is rendered again and again, as server-sent events. */

export interface LiveFeed {
  /** A stream of server-sent events that starts with the latest view. */
  stream(): ReadableStream<Uint8Array>;
  /** Waits for a view in progress: exiting while the database is open may crash its native code. */
  settled(): Promise<void>;
}

/** Renders only while somebody listens, once for all listeners. */
export function liveFeed(
  render: () => Promise<string>,
  { period, signal }: { readonly period: number; readonly signal: AbortSignal },
): LiveFeed {
  const listeners = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const encoder = new TextEncoder();
  let last: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let rendering: Promise<void> | undefined;
  const round = () => {
    timer = undefined;
    if (!signal.aborted) rendering = sendView();
  };
  const sendView = async () => {
    try {
      const html = await render();
      if (html !== last) {
        last = html;
        for (const listener of listeners) send(listener, html);
      } else {
        // Only a failed send shows that a listener is gone.
        for (const listener of listeners) listener.enqueue(encoder.encode(": unchanged\n\n"));
      }
    } catch {
      // The database may be locked at the moment; the next attempt will read it.
    } finally {
      rendering = undefined;
      if (listeners.size > 0 && !signal.aborted) timer = setTimeout(round, period);
    }
  };
  const send = (to: ReadableStreamDefaultController<Uint8Array>, html: string) =>
    to.enqueue(encoder.encode(`data: ${JSON.stringify({ html })}\n\n`));
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    for (const listener of listeners) listener.close();
    listeners.clear();
  });
  return {
    stream() {
      let own: ReadableStreamDefaultController<Uint8Array>;
      return new ReadableStream<Uint8Array>({
        start(controller) {
          own = controller;
          listeners.add(own);
          if (last !== undefined) send(own, last);
          if (timer === undefined && rendering === undefined) timer = setTimeout(round, 0);
        },
        cancel() {
          listeners.delete(own);
        },
      });
    },
    settled: async () => await rendering,
  };
}
