/** Small sets of scenes, made by the stage and read from its files. */
import { makeScenes } from "../../stages/make_scenes.ts";
import { readSceneList, type SceneList } from "../../stages/data/scene_list.ts";
import { runStage } from "./stage_context.ts";

/** A few pictures of two or three objects. */
export const fewScenes = {
  seed: 1,
  images: 8,
  val_images: 4,
  test_images: 8,
  swap_pairs: 2,
  captions: 2,
  objects: { from: 2, to: 3 },
  shapes: 4,
  colours: 4,
  sizes: 1,
  textures: 1,
};

export async function madeScenes(
  folder: string,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<SceneList> {
  await runStage({ stage: makeScenes, parameters: { ...fewScenes, ...parameters }, folder });
  return await readSceneList(folder);
}
