import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { rebuildDatabase } from "../../../results/database/reconcile.ts";
import { watchCommand, type WatchRequest } from "../../../results/watch/watch_command.ts";
import { browserProgram, withBrowser } from "../../support/browser.ts";
import { storedExperiment, storeResults } from "../../support/stored_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

/** Starts `watch` on any free port. */
async function watching(root: string, request: Partial<WatchRequest> = {}) {
  const stop = new AbortController();
  const { promise: address, resolve } = Promise.withResolvers<string>();
  const done = watchCommand(root, { port: 0, ...request }, {
    print: (text) => resolve(/http:\S+/.exec(text)![0]),
    signal: stop.signal,
    period: 20,
  });
  return {
    address: await Promise.race([address, done.then(() => assert.fail("the command has ended"))]),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

/** The views that the server sends. */
async function* viewsOf(address: string): AsyncGenerator<string> {
  const response = await fetch(`${address}/events`);
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  let rest = "";
  for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
    const events = (rest + text).split("\n\n");
    rest = events.pop()!;
    for (const event of events) {
      if (event.startsWith("data: ")) yield JSON.parse(event.slice("data: ".length)).html;
    }
  }
}

Deno.test("watch shows the runs and curves of the latest experiment, only on this machine", async () => {
  using folder = temporaryFolder();
  storeResults(folder.path);
  await rebuildDatabase(folder.path);
  await using watch = await watching(folder.path);
  const page = await fetch(watch.address);
  const policy = page.headers.get("content-security-policy")!;
  assert.match(policy, /default-src 'none'; connect-src 'self'/);
  const text = await page.text();
  assert.match(text, /new EventSource\("events"\)/);
  assert.doesNotMatch(text, /https?:\/\//);

  const views = viewsOf(watch.address);
  const { value: view } = await views.next();
  assert.match(view!, new RegExp(`<h1>${storedExperiment}</h1>`));
  assert.match(view!, /<svg [^>]*role="img"[^>]*>.*tuned: loss/s);
  const rows = [...view!.matchAll(/<th scope="row">([^<]*)<\/th>\s*<td>([^<]*)</g)];
  assert.ok(
    rows.some(([, label, state]) => label!.startsWith("tuned[") && state === "complete"),
    JSON.stringify(rows.map((row) => row.slice(1))),
  );
  await views.return(undefined);

  const elsewhere = await fetch(`${watch.address}/../../etc/passwd`);
  assert.equal(elsewhere.status, 404);
  await elsewhere.body?.cancel();
  const written = await fetch(watch.address, { method: "POST", body: "x" });
  assert.equal(written.status, 405);
  await written.body?.cancel();
});

Deno.test("watch refuses requests for another host name", async () => {
  using folder = temporaryFolder();
  await using watch = await watching(folder.path);
  const { hostname, port } = new URL(watch.address);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const request = "GET /events HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
  await connection.write(new TextEncoder().encode(request));
  const answer = await new Response(connection.readable).text();
  assert.match(answer, /^HTTP\/1\.1 403 /);
});

Deno.test("watch waits for the first results and shows them", async () => {
  using folder = temporaryFolder();
  const root = `${folder.path}/results`;
  await using watch = await watching(root, { experiment: storedExperiment });
  const views = viewsOf(watch.address);
  assert.equal((await views.next()).value, "<p>This experiment has not been run here yet.</p>");
  storeResults(root);
  await rebuildDatabase(root);
  for (;;) {
    const { value } = await views.next();
    if (value?.includes(`<h1>${storedExperiment}</h1>`)) break;
  }
  await views.return(undefined);
});

Deno.test("watch reports an unknown name if others exist, and waits for the experiment of a file", async () => {
  using folder = temporaryFolder();
  storeResults(folder.path);
  await rebuildDatabase(folder.path);
  const world = { print: () => {}, signal: AbortSignal.timeout(60_000), period: 10 };
  const request = { experiment: storedExperiment.slice(1), port: 0 };
  await assert.rejects(
    watchCommand(folder.path, request, world),
    new RegExp(
      `^error: there is no experiment .* in this results folder\nfix: did you mean \`${storedExperiment}`,
    ),
  );
  await using watch = await watching(folder.path, { ...request, byFile: true });
  const views = viewsOf(watch.address);
  assert.equal((await views.next()).value, "<p>This experiment has not been run here yet.</p>");
  await views.return(undefined);
});

Deno.test("watch reports a port that is in use", async () => {
  using folder = temporaryFolder();
  await using watch = await watching(folder.path);
  const port = Number(new URL(watch.address).port);
  await assert.rejects(
    watchCommand(folder.path, { port }, { print() {}, signal: new AbortController().signal }),
    (error) => error instanceof Complaint && error.what === `port ${port} is in use`,
  );
});

Deno.test({
  name: "a browser draws every chart of the view without errors",
  ignore: browserProgram === undefined,
  async fn() {
    using folder = temporaryFolder();
    storeResults(folder.path);
    await rebuildDatabase(folder.path);
    await using watch = await watching(folder.path);
    await withBrowser(async (browser) => {
      const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
      const errors: string[] = [];
      page.on("console", (message) => errors.push(message.text()));
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("request", (request) => {
        const allowed = [`${watch.address}/`, `${watch.address}/events`];
        const url = request.url();
        if (!allowed.includes(url)) errors.push(`request: ${url}`);
      });
      await page.goto(watch.address);
      await page.locator("svg.chart path[stroke^='var(--series']").first().waitFor();
      assert.equal(await page.locator("#state").textContent(), "live");
      const empty = await page.locator("figure:not(:has(svg path))").count();
      assert.equal(empty, 0);
      await page.screenshot({
        path: fileURLToPath(new URL("../../../.cache/screenshots/watch.png", import.meta.url)),
        fullPage: true,
      });
      assert.deepEqual(errors, []);
    });
  },
});
