/** Picture files from which features were made, and their thumbnails. */
import type { DescribedFeatures } from "../../pipeline/contract/stages.ts";
import { readSceneList } from "../data/scene_list.ts";
import { withPhoto } from "./photo_pixels.ts";

/** Returns a lookup of the path of an image's picture, undefined for features without pictures. */
export async function picturePaths(
  { stage, inputs, files }: Pick<DescribedFeatures, "stage" | "inputs" | "files">,
): Promise<(image: string) => string | undefined> {
  if (stage === "extract_features") {
    const folder = inputs["from"]!;
    const { scenes } = await readSceneList(folder);
    const paths = new Map(scenes.map(({ id, file }) => [id, `${folder}/${file}`]));
    return (image) => paths.get(image);
  }
  const images = files["images"];
  return stage === "photo_features" && images !== undefined
    ? (image) => `${images}/${image}`
    : () => undefined;
}

/** A picture as a JPEG data URL, at most `side` pixels wide and high; undefined if it cannot be read. */
export async function thumbnail(path: string, side: number): Promise<string | undefined> {
  try {
    return await withPhoto(path, async (photo) => {
      const bytes = await photo.resize(side, side, { fit: "inside", withoutEnlargement: true })
        .flatten({ background: "white" })
        .jpeg({ quality: 78 })
        .toBuffer();
      return `data:image/jpeg;base64,${bytes.toString("base64")}`;
    });
  } catch {
    return undefined;
  }
}
