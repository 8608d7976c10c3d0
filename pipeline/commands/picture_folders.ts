/** Where the pictures of an experiment lie that are read from outside the project. */
import { readRequest, type RequestWorld } from "../experiment/read_request.ts";

/**
 * @returns label of a stage that makes features -> folder of its pictures; nothing of a request that
 *   cannot be read: who wants pictures can do without
 */
export function pictureFolders(
  request: { readonly file: string; readonly set: readonly string[] },
  world: RequestWorld,
): Record<string, string> {
  try {
    const { graph } = readRequest(request, world);
    return Object.fromEntries(graph.flatMap(({ label, definition, outside }) => {
      const images = outside.find(({ role }) => role === "images");
      return definition.output === "features" && images !== undefined ? [[label, images.path]] : [];
    }));
  } catch {
    return {};
  }
}
