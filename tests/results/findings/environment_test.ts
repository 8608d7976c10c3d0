import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { reportOf } from "../../support/made_report.ts";
import { storedExperiment, storedRequests, storeResults } from "../../support/stored_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

interface Run {
  readonly stage: string;
  readonly point: { readonly alignment?: string };
  /** 0: the one before. */
  readonly asking: number;
}

/** A report against the asking before; `processorOf` says what each run was made on. */
async function reported(processorOf: (run: Run) => string | undefined) {
  using folder = temporaryFolder();
  const root = folder.path;
  storeResults(root);
  for (const [asking, { nodes }] of storedRequests(root).entries()) {
    for (const { stage, point, key } of nodes) {
      const file = [...Deno.readDirSync(`${root}/artifacts`)]
        .map(({ name }) => `${root}/artifacts/${name}/${key}/manifest.json`)
        .find((path) => existsSync(path));
      if (file === undefined) continue; // not made
      const manifest = JSON.parse(Deno.readTextFileSync(file));
      manifest.circumstances.versions.processor = processorOf({ stage, point, asking });
      Deno.writeTextFileSync(file, JSON.stringify(manifest));
    }
  }
  return await reportOf(root, { experiment: storedExperiment, against: `${storedExperiment}~1` });
}

const caution =
  "Computed on 2 kinds of processor, which round differently; what differs may be that " +
  "alone: Abacus 1; Abacus 2.";

Deno.test("a sweep that was computed on two kinds of processor is told to be one", async () => {
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
  assert.match(page, /<ul class="cautions"><li>Computed on 2 kinds of processor/);
});

Deno.test("one kind, an unknown one, and stages that do not compute are no reason for a caution", async () => {
  for (const processor of ["Abacus 1", undefined]) {
    const { printed, markdown, page } = await reported(({ stage }) =>
      stage === "scenes" ? "Abacus 2" : processor
    );
    for (const text of [printed, markdown, page]) assert.doesNotMatch(text, /kinds of processor/);
  }
});

Deno.test("an asking beside one that was computed on another processor is told to be so", async () => {
  const { printed, markdown } = await reported(({ asking }) => `Abacus ${1 + asking}`);
  const [, since] = /^(since [^]*?)\n\n/m.exec(printed) ?? [undefined, printed];
  assert.ok(since!.replace(/\s+/g, " ").includes(caution), printed);
  assert.ok(markdown.includes(`UTC.\n\n${caution}`));
});
