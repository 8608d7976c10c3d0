import sharp from "sharp";

/** A picture as a data URL of a JPEG that is at most so many pixels wide and high; undefined if it cannot be read. */
export async function thumbnail(path: string, side: number): Promise<string | undefined> {
  try {
    const bytes = await sharp(path).rotate()
      .resize(side, side, { fit: "inside", withoutEnlargement: true })
      .flatten({ background: "white" })
      .jpeg({ quality: 78 })
      .toBuffer();
    return `data:image/jpeg;base64,${bytes.toString("base64")}`;
  } catch {
    return undefined;
  }
}
