/** For the command `setup`: fetches what computing needs, before any run. */
import type { SetupStages } from "../pipeline/contract/stages.ts";
import { fetchCuda } from "./tensorflow/library/fetch_cuda.ts";
import { visibleGpus } from "./tensorflow/library/gpus.ts";
import { ensureLibrary } from "./tensorflow/library/open_library.ts";
import { searchLibrary, setupPlace } from "./tensorflow/library/search_library.ts";

/** Says which library runs will use then. */
export const setup: SetupStages = async ({ gpu, task }) => {
  const progress = task("TensorFlow");
  if (gpu) await fetchCuda({ task });
  else await ensureLibrary(progress);
  const { found } = searchLibrary();
  if (found !== undefined && (!gpu || found.place === setupPlace)) {
    progress.say(`runs compute with ${found.path}`);
  } else if (visibleGpus().length === 0) {
    progress.say("no GPU is visible here: it is used where one is, and the build for CPUs here");
  } else if (found !== undefined) {
    progress.say(`note: runs compute with ${found.path} (${found.place}), which comes first`);
  }
};
