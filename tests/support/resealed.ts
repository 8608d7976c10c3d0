import { createHash } from "node:crypto";
import { digestOfFiles, type Manifest } from "../../pipeline/store/manifest.ts";

/**
 * Changes a file of a complete artifact as if the stage had written it so: the manifest states its
 * new content.
 *
 * @param folder with `manifest.json` and `artifact/`
 */
export function changeArtifact(folder: string, path: string, change: (text: string) => string) {
  const file = `${folder}/artifact/${path}`;
  const text = change(Deno.readTextFileSync(file));
  Deno.writeTextFileSync(file, text);
  const manifest: Manifest = JSON.parse(Deno.readTextFileSync(`${folder}/manifest.json`));
  const bytes = new TextEncoder().encode(text);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const files = manifest.files.map((one) =>
    one.path === path ? { path, size: bytes.length, sha256 } : one
  );
  const changed: Manifest = { ...manifest, files, digest: digestOfFiles(files) };
  Deno.writeTextFileSync(`${folder}/manifest.json`, JSON.stringify(changed));
}
