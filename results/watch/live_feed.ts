/** What is looked at again and again while somebody listens, as server-sent events. */

export interface LiveFeed {
  /** Server-sent events, from now on. */
  stream(): ReadableStream<Uint8Array>;
  /** Waits for a look that goes on: who ends under an open database may crash in its native code. */
  settled(): Promise<void>;
}

/** Looks while somebody listens, once for all of them. */
export function liveFeed(
  look: () => Promise<string>,
  { period, signal }: { readonly period: number; readonly signal: AbortSignal },
): LiveFeed {
  const listeners = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const encoder = new TextEncoder();
  let last: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let looking: Promise<void> | undefined;
  const round = () => {
    timer = undefined;
    if (!signal.aborted) looking = sendNews();
  };
  const sendNews = async () => {
    try {
      const html = await look();
      if (html !== last) {
        last = html;
        for (const listener of listeners) send(listener, html);
      } else {
        // Something has to be sent, or nobody learns that a listener is gone.
        for (const listener of listeners) listener.enqueue(encoder.encode(": nothing new\n\n"));
      }
    } catch {
      // A database that is written just now: the next look finds it.
    } finally {
      looking = undefined;
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
          if (timer === undefined && looking === undefined) timer = setTimeout(round, 0);
        },
        cancel() {
          listeners.delete(own);
        },
      });
    },
    settled: async () => await looking,
  };
}
