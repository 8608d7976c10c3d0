import { createHash } from "node:crypto";
import { digestOfFiles, type Manifest } from "../../pipeline/store/manifest.ts";

/**
 * Changes a file of a complete artifact as if the stage had written it so: the manifest states its
 * new content.
 *
 * @param folder with `manifest.json` and `artifact/`
 */
export function changeArtifact(folder: string, path: string, change: (text: string) => string) {
  writeToArtifact(folder, path, change(Deno.readTextFileSync(`${folder}/artifact/${path}`)));
}

/** Adds a file to a complete artifact, or replaces it, as if the stage had written it. */
export function writeToArtifact(folder: string, path: string, text: string): void {
  Deno.writeTextFileSync(`${folder}/artifact/${path}`, text);
  const bytes = new TextEncoder().encode(text);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const written = { path, size: bytes.length, sha256 };
  reseal(
    folder,
    (files) =>
      files.some((one) => one.path === path)
        ? files.map((one) => one.path === path ? written : one)
        : [...files, written].sort((a, b) => a.path < b.path ? -1 : 1),
  );
}

/** Removes a file of a complete artifact as if the stage had not written it. */
export function removeFromArtifact(folder: string, path: string): void {
  Deno.removeSync(`${folder}/artifact/${path}`);
  reseal(folder, (files) => files.filter((one) => one.path !== path));
}

function reseal(
  folder: string,
  change: (files: Manifest["files"]) => Manifest["files"],
): void {
  const manifest: Manifest = JSON.parse(Deno.readTextFileSync(`${folder}/manifest.json`));
  const files = change(manifest.files);
  const changed: Manifest = { ...manifest, files, digest: digestOfFiles(files) };
  Deno.writeTextFileSync(`${folder}/manifest.json`, JSON.stringify(changed));
}
