import assert from "node:assert/strict";
import { startWorker } from "../../../pipeline/workers/worker_process.ts";
import { projectFolder } from "../../support/command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

/** Runs code with the permissions and flags of a worker; returns the lines that it prints. */
async function linesOf(
  code: string,
  { network = false, environment = {} }: {
    network?: boolean;
    environment?: Record<string, string>;
  } = {},
): Promise<string[]> {
  using folder = temporaryFolder();
  const file = `${folder.path}/probe.ts`;
  Deno.writeTextFileSync(file, code);
  const lines: string[] = [];
  const worker = startWorker({
    program: Deno.execPath(),
    before: ["run", "--quiet", "--config", `${projectFolder}deno.json`],
    after: [file],
    reads: [],
    native: () => ({ reads: [], writes: [], environment: {} }),
  }, { grant: { read: [], write: [], native: false, network, programs: [] }, environment });
  await new Promise<void>((ended) =>
    worker.listen({ event() {}, log: (line) => lines.push(line), ended: () => ended() })
  );
  return lines;
}

/** A proxy that refuses every connection, and the addresses that it was asked for. */
function refusingProxy(): AsyncDisposable & { url: string; asked: string[] } {
  const asked: string[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      const bytes = new Uint8Array(1000);
      const read = await connection.read(bytes) ?? 0;
      asked.push(new TextDecoder().decode(bytes.subarray(0, read)).split("\r\n")[0]!);
      await connection.write(new TextEncoder().encode("HTTP/1.1 502 refused\r\n\r\n"));
      connection.close();
    }
  })();
  return {
    url: `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
    },
  };
}

Deno.test("a worker loads no code from the network, with or without network access", async () => {
  await using proxy = refusingProxy();
  const environment = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url };
  const code = ["https://esm.sh/left-pad", "npm:left-pad@1.1.1", "jsr:@std/path"]
    .map((name) =>
      `try { await import(${JSON.stringify(name.slice(0, 6))} + ${
        JSON.stringify(name.slice(6))
      });` +
      ` console.log("loaded"); } catch (error) { console.log(error.name); }\n`
    ).join("");
  for (const network of [false, true]) {
    const lines = await linesOf(code, { network, environment });
    assert.deepEqual(lines, ["TypeError", "TypeError", "TypeError"]);
  }
  assert.deepEqual(proxy.asked, []); // also not for updates of Deno
});

Deno.test("a worker finds nothing that an earlier one left in its web storage", async () => {
  const inThread = 'const cache = await caches.open("x"); const kept = ' +
    'await cache.match("http://x/y"); await cache.put("http://x/y", new Response("kept")); ' +
    "postMessage(kept === undefined);";
  const code = 'console.log(localStorage.getItem("x")); localStorage.setItem("x", "kept");\n' +
    `const url = "data:text/javascript," + encodeURIComponent(${JSON.stringify(inThread)});\n` +
    'const thread = new Worker(url, { type: "module" });\n' +
    "thread.onmessage = ({ data }) => { console.log(data); Deno.exit(0); };";
  assert.deepEqual(await linesOf(code), ["null", "true"]);
  assert.deepEqual(await linesOf(code), ["null", "true"]);
});
