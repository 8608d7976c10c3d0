import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { reportOf } from "../../support/made_report.ts";
import { storedExperiment, storedRequests, storeResults } from "../../support/stored_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

interface Run {
  readonly stage: string;
  readonly point: { readonly alignment?: string };
  /** 0: the earlier request. */
  readonly request: number;
}

/** A report compared with the earlier request; `processorOf` gives the processor of each run. */
async function reported(processorOf: (run: Run) => string | undefined) {
  using folder = temporaryFolder();
  const root = folder.path;
  storeResults(root);
  for (const [request, { nodes }] of storedRequests(root).entries()) {
    for (const { stage, point, key } of nodes) {
      const file = [...Deno.readDirSync(`${root}/artifacts`)]
        .map(({ name }) => `${root}/artifacts/${name}/${key}/manifest.json`)
        .find((path) => existsSync(path));
      if (file === undefined) continue; // not made
      const manifest = JSON.parse(Deno.readTextFileSync(file));
      manifest.circumstances.versions.processor = processorOf({ stage, point, request });
      Deno.writeTextFileSync(file, JSON.stringify(manifest));
    }
  }
  return await reportOf(root, { experiment: storedExperiment, against: `${storedExperiment}~1` });
}

const caution =
  "Results were computed on 2 types of processor, whose rounding differs; this alone may cause " +
  "differences: Abacus 1; Abacus 2.";

Deno.test("a report warns about a sweep that was computed on two types of processor", async () => {
  const { printed, markdown, page } = await reported(({ point }) =>
    point.alignment === "sparse" ? "Abacus 2" : "Abacus 1"
  );
  assert.ok(printed.replace(/\s+/g, " ").includes(caution), printed);
  assert.ok(printed.split("\n").every((line) => line.length <= 80 || line.startsWith("wrote")));
  assert.ok(
    markdown.split(/^(?=## )/m).some((part) =>
      part.startsWith("## Differences") && part.includes(caution)
    ),
  );
  assert.match(page, /<ul class="cautions"><li>Results were computed on 2 types/);
});

Deno.test("a report warns about a stage without a device that was run on another processor", async () => {
  const { printed, markdown } = await reported(({ stage }) =>
    stage === "scenes" ? "Abacus 2" : "Abacus 1"
  );
  assert.ok(printed.replace(/\s+/g, " ").includes(caution), printed);
  assert.ok(markdown.includes(caution));
});

Deno.test("a report does not warn about one or unknown types", async () => {
  for (const processor of ["Abacus 1", undefined]) {
    const { printed, markdown, page } = await reported(({ stage }) =>
      stage === "scenes" ? undefined : processor
    );
    for (const text of [printed, markdown, page]) assert.doesNotMatch(text, /types of processor/);
  }
});

Deno.test("a report warns when it compares requests that were computed on different processors", async () => {
  const { printed, markdown } = await reported(({ request }) => `Abacus ${1 + request}`);
  const [, changes] = /^(Compared with [^]*?)\n\n/m.exec(printed) ?? [undefined, printed];
  assert.ok(changes!.replace(/\s+/g, " ").includes(caution), printed);
  assert.ok(markdown.includes(`UTC.\n\n${caution}`));
});
