/**
 * A folder of real photos for tests: `FLICKR8K` names one with `Images/` and `captions.txt`, Flickr8k or
 * its first photos. They are not ours to ship; tests of them are skipped without.
 */
export interface SamplePhotos {
  readonly images: string;
  readonly captions: string;
}

let told = false;

export function samplePhotos(): SamplePhotos | undefined {
  const folder = Deno.env.get("FLICKR8K");
  if (folder !== undefined) {
    return { images: `${folder}/Images`, captions: `${folder}/captions.txt` };
  }
  if (!told) console.error("FLICKR8K names no folder of photos: tests on real photos are skipped");
  told = true;
  return undefined;
}
