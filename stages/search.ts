/** Search with a tuned model: how features of a kind find their pictures, and describe a new one. */
import { basename } from "node:path";
import { Complaint } from "../pipeline/contract/complaint.ts";
import type { Progress } from "../pipeline/contract/progress.ts";
import type { PhotoParameters } from "./extraction/photo_parameters.ts";
import type { SearchedFeatures } from "./vision/picture_files.ts";

export interface SearchRequest {
  readonly features: SearchedFeatures;
  readonly model: string;
  /** A text, or the path of a picture. */
  readonly query: { readonly text: string } | { readonly picture: string };
  readonly split: string;
  readonly count: number;
  readonly threads: number;
  readonly progress: Progress;
}

export interface SearchAnswer {
  readonly image: string;
  readonly caption?: string;
  readonly text?: string;
  readonly score: number;
  /** Its picture as a small JPEG, a data URL, where there is a picture. */
  readonly thumbnail?: string;
}

const thumbnailSide = 240;

export async function search(request: SearchRequest): Promise<{
  readonly answers: readonly SearchAnswer[];
  /** Of the picture that was asked with. */
  readonly thumbnail?: string;
}> {
  const { features, query } = request;
  const { searchModel } = await import("./evaluate/search.ts");
  const { picturePaths, thumbnail } = await import("./vision/picture_files.ts");
  const pictures = await picturePaths(features);
  const answers = await searchModel({
    ...request,
    query: "text" in query ? query : await pictureQuery(query.picture, request, pictures),
  });
  const small = async (path: string | undefined) => {
    const url = path === undefined ? undefined : await thumbnail(path, thumbnailSide);
    return url === undefined ? {} : { thumbnail: url };
  };
  return {
    answers: await Promise.all(
      answers.map(async (answer) => ({ ...answer, ...await small(pictures(answer.image)) })),
    ),
    ...("picture" in query && await small(query.picture)),
  };
}

/** A picture of the data is known already; another one is described as those were. */
async function pictureQuery(
  path: string,
  { features, threads }: SearchRequest,
  pictures: (image: string) => string | undefined,
) {
  for (const id of [basename(path), basename(path).replace(/\.\w+$/, "")]) {
    const known = pictures(id);
    if (known !== undefined && await sameFile(known, path)) return { image: id };
  }
  if (features.stage === "extract_features") {
    const { describePicture } = await import("./vision/objects/object_features.ts");
    return { regions: await describePicture(path, features) };
  }
  if (features.stage === "photo_features") {
    const { describePhoto } = await import("./extraction/photo_query.ts");
    const parameters = features.parameters as unknown as PhotoParameters;
    return { regions: await describePhoto(path, { ...features, parameters, threads }) };
  }
  throw new Complaint(
    `pictures that are not among the data cannot be asked about features of ${features.stage}`,
    "ask with a text, or with a picture of the data",
    { place: { file: path } },
  );
}

async function sameFile(a: string, b: string): Promise<boolean> {
  try {
    const [one, other] = await Promise.all([a, b].map((path) => Deno.realPath(path)));
    return one === other;
  } catch {
    return false;
  }
}
