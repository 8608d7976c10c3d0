/**
 * `watch`: curves of a running experiment in the browser. A server that only this machine can reach
 * queries the database every two seconds while a page is open, and sends changes (server-sent events).
 */
import { existsSync } from "node:fs";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { databaseFile } from "../database/database.ts";
import { readResults, rowsOf } from "../database/read_results.ts";
import { requireExperiment } from "../queries/run_list.ts";
import { type LiveFeed, liveFeed } from "./live_feed.ts";
import { liveView } from "./live_view.ts";
import { snapshotOf } from "./snapshot.ts";
import { watchPage } from "./watch_page.ts";

export interface WatchRequest {
  /** Name of an experiment; undefined for the one requested last. */
  readonly experiment?: string;
  /** The experiment was given as a file, so it exists even if it was never requested. */
  readonly byFile?: boolean;
  /** 0 for any free port. */
  readonly port: number;
}

export interface WatchWorld {
  /** Called with the address once the server listens. */
  print(text: string): void;
  readonly signal: AbortSignal;
  /** Milliseconds between two queries. */
  readonly period?: number;
}

const host = "127.0.0.1";

/** Serves until `signal` is aborted. */
export async function watchCommand(
  root: string,
  { experiment, byFile = false, port }: WatchRequest,
  { print, signal, period = 2000 }: WatchWorld,
): Promise<void> {
  if (experiment !== undefined && !byFile) await requireName(root, experiment);
  const render = async () => {
    try {
      const snapshot = await readResults(
        root,
        (connection) => snapshotOf(connection, experiment),
        { warn() {} },
      );
      return snapshot === undefined ? waitingFor(experiment) : await liveView(snapshot);
    } catch (error) {
      if (error instanceof Complaint) return waitingFor(experiment);
      throw error;
    }
  };
  const feed = liveFeed(render, { period, signal });
  try {
    const server = Deno.serve({
      hostname: host,
      port,
      signal,
      onListen: ({ port }) => print(`watching on http://${host}:${port} (Ctrl-C stops it)\n`),
    }, (request) => answer(request, feed));
    await server.finished;
    await feed.settled();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new Complaint(
      `port ${port} is in use`,
      "choose another port with --port N, or any free port with --port 0",
      { cause: error },
    );
  }
}

/** A name is checked against known experiments; as long as there are none, it may still appear. */
async function requireName(root: string, experiment: string): Promise<void> {
  if (!existsSync(databaseFile(root)) && !existsSync(`${root}/artifacts`)) return;
  await readResults(root, async (connection) => {
    const known = await rowsOf(connection, "SELECT 1 FROM experiment LIMIT 1");
    if (known.length > 0) await requireExperiment(connection, experiment);
  }, { warn() {} });
}

function waitingFor(experiment: string | undefined): string {
  return experiment === undefined
    ? "<p>No experiment has been run here yet.</p>"
    : "<p>This experiment has not been run here yet.</p>";
}

function answer(request: Request, feed: LiveFeed): Response {
  const { hostname, pathname } = new URL(request.url);
  // Another site must not reach this server through its own host name (DNS rebinding).
  if (hostname !== host && hostname !== "localhost") {
    return new Response("available only from this machine\n", { status: 403 });
  }
  if (request.method !== "GET") return new Response("only GET is supported\n", { status: 405 });
  switch (pathname) {
    case "/": {
      const nonce = crypto.randomUUID();
      return new Response(watchPage(nonce), {
        headers: {
          "content-type": "text/html; charset=utf-8",
          "content-security-policy":
            `default-src 'none'; connect-src 'self'; style-src 'nonce-${nonce}'; ` +
            `script-src 'nonce-${nonce}'; img-src data:; base-uri 'none'; form-action 'none'`,
          "x-content-type-options": "nosniff",
        },
      });
    }
    case "/events":
      return new Response(feed.stream(), {
        headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
      });
    default:
      return new Response("not found\n", { status: 404 });
  }
}
