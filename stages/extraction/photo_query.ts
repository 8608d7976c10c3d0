/** Describes a photo outside the data like the photos of a features artifact. */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { RegionRows } from "../data/region_source.ts";
import { startCompute } from "../tensorflow/kernels/backend.ts";
import { BadPhoto, decodeSquares } from "../vision/photo_pixels.ts";
import { photoDescriber } from "./photo_describer.ts";
import { numbersOf, photosTogether } from "./photo_extraction.ts";
import type { PhotoParameters } from "./photo_parameters.ts";
import { photoViews } from "./photo_views.ts";
import { pictureNetwork } from "./picture_network.ts";
import { regionFinder } from "./region_finder.ts";

/** @returns its regions, and the vector of the whole photo, float32 [1280], if the features have such vectors */
export async function describePhoto(
  path: string,
  { parameters, files, threads }: {
    readonly parameters: PhotoParameters;
    readonly files: Readonly<Record<string, string>>;
    readonly threads: number;
  },
): Promise<RegionRows & { readonly whole?: Float32Array }> {
  const { side, xla, views: sides = [] } = parameters;
  await using finder = await regionFinder(parameters, files);
  const unread = (cause: unknown) => {
    if (!(cause instanceof BadPhoto)) throw cause;
    throw new Complaint(
      `the photo cannot be used: ${cause.message}`,
      cause.fix ?? "search with another picture, or with a text",
      { place: { file: path }, cause },
    );
  };
  using network = await pictureNetwork(await startCompute({ threads }), {
    backbone: files["backbone"]!,
    xla,
  });
  using describer = photoDescriber(network, { side, most: finder.most, batch: photosTogether });
  using views = photoViews(network, { sides, side, batch: photosTogether });
  const [picture, ...looks] = await decodeSquares(path, [side, ...views.others]).catch(unread);
  const { boxes, features } = await finder.find({ file: path, picture: picture! }).catch(unread);
  const [described] = await describer.describe([{ picture: picture!, boxes }]);
  const [seen] = sides.length === 0 ? [] : await views.describe([{ ...described!, looks }]);
  const whole = seen ?? (features === undefined ? described!.mean : undefined);
  return {
    features: features ?? described!.features,
    boxes: Float32Array.from(boxes.flatMap((box) => numbersOf(box, side))),
    ...(whole !== undefined && { whole }),
  };
}
