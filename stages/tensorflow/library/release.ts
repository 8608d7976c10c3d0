/** The TensorFlow release this project is built for, and where its fetched library is kept. */
import { cacheFolder, type PinnedWheel } from "../../../pipeline/contract/pinned_package.ts";

/** Symbols, op definitions and XLA's numbers are those of this release. */
export const requiredVersion = "2.21.";
export const pinnedVersion = "2.21.0";

/** The wheels that contain the library, by platform. Its two shared objects are in one folder. */
const wheels: Readonly<Record<string, PinnedWheel>> = {
  "linux-x86_64": {
    distribution: "tensorflow-cpu",
    version: pinnedVersion,
    platform: { pip: "manylinux_2_27_x86_64", uv: "x86_64-manylinux_2_28" },
    sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
    bytes: 273_829_956,
    files: ["tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2"],
    content: "0aa77d3e268e386fcb9ef3e5a7fda8549df5ca64c9dfe8a084b1c3a859548cb1",
  },
  "darwin-aarch64": {
    distribution: "tensorflow",
    version: pinnedVersion,
    platform: { pip: "macosx_12_0_arm64", uv: "aarch64-apple-darwin" },
    sha256: "51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88",
    bytes: 223_405_849,
    files: ["tensorflow/libtensorflow_cc.2.dylib", "tensorflow/libtensorflow_framework.2.dylib"],
    content: "d0bfba23e39519a009a3ced0c824827646afc7a297882213e43fbeb8045f7819",
  },
};

/** Undefined if no wheel with the C++ library is published for this platform. */
export function pinnedWheel(): PinnedWheel | undefined {
  return wheels[`${Deno.build.os}-${Deno.build.arch}`];
}

/** In the user's cache, so all checkouts share one copy of 850 MB. */
export function fetchedFolder(environment: Pick<typeof Deno.env, "get"> = Deno.env): string {
  const digest = pinnedWheel()?.sha256.slice(0, 12) ?? "none";
  return `${cacheFolder((name) => environment.get(name))}/tensorflow-${pinnedVersion}-${digest}`;
}
