import sharp from "sharp";
import { formulaPixels } from "./drawn_pixels.ts";

/** A folder as Flickr8k's, of made-up pictures: Images/000.png … and captions.txt, two for each. */
export async function madePhotos(folder: string, count: number): Promise<void> {
  Deno.mkdirSync(`${folder}/Images`, { recursive: true });
  let captions = "image,caption\n";
  for (let k = 0; k < count; k++) {
    const name = `${k}`.padStart(3, "0") + ".png";
    const raw = { width: 48, height: 48, channels: 3 as const };
    await sharp(formulaPixels(48, k), { raw }).png().toFile(`${folder}/Images/${name}`);
    captions += `${name},"A dog, number ${k}."\n${name},two dogs\n`;
  }
  Deno.writeTextFileSync(`${folder}/captions.txt`, captions);
}
