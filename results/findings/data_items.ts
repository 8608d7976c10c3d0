/** Captions and pictures of the ranked items, from the features that a run read, where they are stored. */
import type { DuckDBConnection } from "@duckdb/node-api";
import sharp from "sharp";
import { rowsOf } from "../database/read_results.ts";
import { literal } from "../database/question.ts";

export interface DataPlace {
  /** The results folder. */
  readonly root: string;
  /** Label of a stage that makes features -> folder of its pictures, where they are outside the store. */
  readonly pictures: Readonly<Record<string, string>>;
}

export interface DataItems {
  captions(ids: ReadonlySet<string>): ReadonlyMap<string, ItemCaption>;
  /** Data URL of a JPEG of at most `side` pixels in width and height; undefined without a picture. */
  picture(image: string, side: number): Promise<string | undefined>;
}

export interface ItemCaption {
  readonly text: string;
  /** Id of the image that it describes. */
  readonly image: string;
}

/** Reads the nearest artifacts upstream of a run. */
export async function dataItems(
  connection: DuckDBConnection,
  { root, pictures }: DataPlace,
  run: string,
): Promise<DataItems> {
  const artifacts = await rowsOf<{ kind: string; folder: string; label: string }>(
    connection,
    `SELECT t.kind, t.folder, s.label FROM ancestor AS a
     JOIN artifact AS t ON t.run = a.ancestor JOIN stage_run AS s ON s.run = a.ancestor
     WHERE a.run = ${literal(run)} AND t.kind IN ('features', 'scenes') ORDER BY a.distance`,
  );
  const folderOf = (kind: string) => {
    const found = artifacts.find((artifact) => artifact.kind === kind);
    return found === undefined ? undefined : `${root}/${found.folder}/artifact`;
  };
  const [features, scenes] = [folderOf("features"), folderOf("scenes")];
  const paths = scenes === undefined ? new Map<string, string>() : picturePaths(scenes);
  const outside = pictures[artifacts.find(({ kind }) => kind === "features")?.label ?? ""];
  const outsidePath = (image: string) =>
    outside === undefined || leadsOut(image) ? undefined : `${outside}/${image}`;
  let last: Promise<string | undefined> = Promise.resolve(undefined);
  return {
    captions: (ids) => features === undefined ? new Map() : captionsOf(features, ids),
    picture(image, side) {
      const path = paths.get(image) ?? outsidePath(image);
      if (path === undefined) return Promise.resolve(undefined);
      // One after the other: a large picture takes up to gigabytes of memory.
      return last = last.then(() => thumbnail(path, side));
    },
  };
}

async function thumbnail(path: string, side: number): Promise<string | undefined> {
  try {
    const bytes = await sharp(path).rotate()
      .resize(side, side, { fit: "inside", withoutEnlargement: true })
      .flatten({ background: "white" })
      .jpeg({ quality: 75 })
      .toBuffer();
    return `data:image/jpeg;base64,${bytes.toString("base64")}`;
  } catch {
    return undefined;
  }
}

/** Ignores paths that lead out of the artifact. */
function picturePaths(folder: string): Map<string, string> {
  return new Map(
    linesOf(`${folder}/scenes.jsonl`).flatMap((line) => {
      const { id, file } = parsed(line);
      return typeof id === "string" && typeof file === "string" && !leadsOut(file)
        ? [[id, `${folder}/${file}`] as const]
        : [];
    }),
  );
}

function leadsOut(path: string): boolean {
  return /^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)/.test(path);
}

/** Large sets have many lines; lines without a wanted id are not parsed. */
function captionsOf(folder: string, ids: ReadonlySet<string>): Map<string, ItemCaption> {
  const found = new Map<string, ItemCaption>();
  for (const line of linesOf(`${folder}/captions.jsonl`)) {
    const beginning = /^\{"id":"([^"\\]*)"/.exec(line)?.[1];
    if (beginning !== undefined && !ids.has(beginning)) continue;
    const { id, text, image } = parsed(line);
    if (typeof id !== "string" || !ids.has(id)) continue;
    found.set(id, { text: String(text ?? ""), image: String(image ?? "") });
  }
  return found;
}

function linesOf(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n").filter((line) => line !== "");
  } catch {
    return [];
  }
}

function parsed(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
  } catch {
    return {};
  }
}
