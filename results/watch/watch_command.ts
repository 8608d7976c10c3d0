/**
 * `watch`: curves of a running experiment in the browser. A server for this machine alone asks the
 * database every two seconds while somebody looks, and sends what has changed (server-sent events).
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
  /** Name of an experiment; the one last asked when undefined. */
  readonly experiment?: string;
  /** Its file was given: it is there, asked or not. */
  readonly byFile?: boolean;
  /** 0: any that is free. */
  readonly port: number;
}

export interface WatchWorld {
  /** Told the address once the server listens. */
  print(text: string): void;
  readonly signal: AbortSignal;
  /** Milliseconds between two looks. */
  readonly period?: number;
}

const host = "127.0.0.1";

/** Serves until it is aborted. */
export async function watchCommand(
  root: string,
  { experiment, byFile = false, port }: WatchRequest,
  { print, signal, period = 2000 }: WatchWorld,
): Promise<void> {
  if (experiment !== undefined && !byFile) await requireName(root, experiment);
  const look = async () => {
    try {
      const seen = await readResults(
        root,
        (connection) => snapshotOf(connection, experiment),
        { warn() {} },
      );
      return seen === undefined ? waitingFor(experiment) : await liveView(seen);
    } catch (error) {
      if (error instanceof Complaint) return waitingFor(experiment);
      throw error;
    }
  };
  const feed = liveFeed(look, { period, signal });
  try {
    const server = Deno.serve({
      hostname: host,
      port,
      signal,
      onListen: ({ port }) => print(`watching on http://${host}:${port} (Ctrl-C ends it)\n`),
    }, (request) => answer(request, feed));
    await server.finished;
    await feed.settled();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new Complaint(
      `port ${port} is taken`,
      "name another one with --port N, or --port 0 for any that is free",
      { cause: error },
    );
  }
}

/** A name may be misspelt where there are others; where nothing was run yet, it may come. */
async function requireName(root: string, experiment: string): Promise<void> {
  if (!existsSync(databaseFile(root)) && !existsSync(`${root}/artifacts`)) return;
  await readResults(root, async (connection) => {
    const known = await rowsOf(connection, "SELECT 1 FROM experiment LIMIT 1");
    if (known.length > 0) await requireExperiment(connection, experiment);
  }, { warn() {} });
}

function waitingFor(experiment: string | undefined): string {
  return experiment === undefined
    ? "<p>Nothing was run here yet.</p>"
    : "<p>This experiment was not run here yet.</p>";
}

function answer(request: Request, feed: LiveFeed): Response {
  const { hostname, pathname } = new URL(request.url);
  // A page from elsewhere must not reach us under a name of its own.
  if (hostname !== host && hostname !== "localhost") {
    return new Response("for this machine alone\n", { status: 403 });
  }
  if (request.method !== "GET") return new Response("only GET\n", { status: 405 });
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
