/** Sends a view that is rendered again and again, as server-sent events. */

export interface LiveFeed {
  /** A stream of server-sent events that starts with the latest view. */
  stream(): ReadableStream<Uint8Array>;
  /** Waits for a view in progress: exiting while the database is open may crash its native code. */
  settled(): Promise<void>;
}

/** A page that listens. */
interface Listener {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** The latest view that it has not been sent, because it has not read the one before. */
  waiting: string | undefined;
}

/** Renders only while somebody listens, once for all listeners. */
export function liveFeed(
  render: () => Promise<string>,
  { period, signal }: { readonly period: number; readonly signal: AbortSignal },
): LiveFeed {
  const listeners = new Set<Listener>();
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
      const isNew = html !== last;
      last = html;
      for (const listener of listeners) {
        if (isNew) send(listener, html);
        // Only a failed send shows that a listener is gone.
        else if (hasRoom(listener)) listener.controller.enqueue(encoder.encode(": unchanged\n\n"));
      }
    } catch {
      // The database may be locked at the moment; the next attempt will read it.
    } finally {
      rendering = undefined;
      if (listeners.size > 0 && !signal.aborted) timer = setTimeout(round, period);
    }
  };
  const send = (listener: Listener, html: string) => {
    listener.waiting = html;
    if (hasRoom(listener)) sendWaiting(listener);
  };
  const sendWaiting = (listener: Listener) => {
    const { controller, waiting: html } = listener;
    if (html === undefined) return;
    listener.waiting = undefined;
    controller.enqueue(encoder.encode(`data: ${JSON.stringify({ html })}\n\n`));
  };
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    for (const { controller } of listeners) controller.close();
    listeners.clear();
  });
  return {
    stream() {
      let own: Listener;
      return new ReadableStream<Uint8Array>({
        start(controller) {
          own = { controller, waiting: undefined };
          listeners.add(own);
          if (last !== undefined) send(own, last);
          if (timer === undefined && rendering === undefined) timer = setTimeout(round, 0);
        },
        pull() {
          sendWaiting(own);
        },
        cancel() {
          listeners.delete(own);
        },
      });
    },
    settled: async () => await rendering,
  };
}

/** At most one event is queued for a listener that does not read. */
function hasRoom({ controller }: Listener): boolean {
  return (controller.desiredSize ?? 0) > 0;
}
