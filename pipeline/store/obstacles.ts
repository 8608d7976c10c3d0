import { moveObstacle } from "../disk/obstacle.ts";
import { namesIn } from "../disk/listing.ts";
import { type ArtifactStore } from "./artifact_store.ts";
import { oldRequestFolder, requestFolder } from "./old_requests.ts";

/** Folders that runs and commands write to, those above first. */
const folders = [
  ...["artifacts", "pending", "state"],
  ...["code", "code/text", "last", "live", "failed", "certificates", "set_aside", "verify"]
    .map((name) => `state/${name}`),
  ...[requestFolder, oldRequestFolder].map((name) => `state/${name}`),
];

const files = ["format.json", "door.lock", "code_digests.json", "outside_digests.json"]
  .map((name) => `state/${name}`);

/**
 * Moves aside folders that are where the store writes files, and files that are where it needs
 * folders, so that neither stops a run.
 *
 * @param say called with what was moved
 */
export function moveObstacles(store: ArtifactStore, say: (line: string) => void): void {
  const clear = (path: string, needed: "file" | "folder") => {
    const moved = moveObstacle(`${store.root}/${path}`, needed);
    if (moved === undefined) return;
    const found = needed === "file" ? "folder" : "file";
    say(
      `warning: the ${found} ${path} was in the place of a ${needed} of the results; ` +
        `it was moved to ${moved.slice(store.root.length + 1)}`,
    );
  };
  for (const path of folders) clear(path, "folder");
  for (const path of files) clear(path, "file");
  for (const kind of namesIn(`${store.root}/artifacts`)) {
    if (/^\w+$/.test(kind)) clear(`artifacts/${kind}`, "folder");
  }
  for (const name of namesIn(`${store.root}/pending`)) {
    if (name.endsWith(".lock")) clear(`pending/${name}`, "file");
    else if (/^[0-9a-f]{64}$/.test(name)) clear(`pending/${name}`, "folder");
  }
  for (const name of namesIn(store.stateFile(requestFolder))) {
    if (/\.(json|txt)$/.test(name)) clear(`state/${requestFolder}/${name}`, "file");
  }
  for (const name of namesIn(store.stateFile("last"))) {
    if (!name.includes(".in_the_way-")) clear(`state/last/${name}`, "file");
  }
}
