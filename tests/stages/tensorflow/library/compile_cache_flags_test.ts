import assert from "node:assert/strict";
import { withCompileCache } from "../../../../stages/tensorflow/library/compile_cache_flags.ts";
import { decisiveVariables } from "../../../../stages/tensorflow/library/variables.ts";

const folder = "ram://here";
const own = `--tf_xla_persistent_cache_directory=${folder} ` +
  "--tf_xla_persistent_cache_device_types=CPU";

Deno.test("a cache of compiled functions is added to the user's flags, unless they name one or a file", () => {
  assert.equal(withCompileCache(undefined, folder), own);
  assert.equal(withCompileCache(" ", folder), own);
  assert.equal(
    withCompileCache("--tf_xla_clustering_debug", folder),
    `--tf_xla_clustering_debug ${own}`,
  );
  assert.equal(withCompileCache(`${own} --tf_xla_x=1`, folder), `${own} --tf_xla_x=1`); // inherited
  for (
    const given of [
      "--tf_xla_x=1 --tf_xla_persistent_cache_directory=/mine",
      '--tf_xla_persistent_cache_directory="/my folder"',
      "/home/u/flags.txt",
    ]
  ) assert.equal(withCompileCache(given, folder), undefined);
});

Deno.test("a cache of compiled functions decides nothing, whoever has set it", () => {
  const decisive = (flags: string) =>
    decisiveVariables({ TF_XLA_FLAGS: flags }, { device: "cpu" })["TF_XLA_FLAGS"];
  assert.equal(decisive(own), undefined);
  assert.equal(
    decisive(`--tf_xla_persistent_cache_directory="/a \\" b" --tf_xla_persistent_cache_read_only`),
    undefined,
  );
  assert.equal(decisive(`${own} --tf_xla_max_cluster_size=3`), "--tf_xla_max_cluster_size=3");
  assert.equal(
    decisive(`--tf_xla_a=1 --tf_xla_persistent_cache_directory='/a b' --tf_xla_b=2`),
    "--tf_xla_a=1 --tf_xla_b=2",
  );
});
