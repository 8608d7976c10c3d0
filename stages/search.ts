/** Searches images or captions with a model, for a text or a picture. */
import { basename } from "node:path";
import { Complaint } from "../pipeline/contract/complaint.ts";
import type { SearchStages } from "../pipeline/contract/stages.ts";
import type { PhotoParameters } from "./extraction/photo_parameters.ts";

const thumbnailSide = 240;

type SearchRequest = Parameters<SearchStages>[0];

export const search: SearchStages = async (request) => {
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
};

/** A picture of the data is found by its id; another one is described like the pictures of the data. */
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
    `features of ${features.stage} cannot be searched with a picture outside the data`,
    "search with a text, or with a picture of the data",
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
