/** Exports a features artifact in UNITER's published formats. */
import type { ExportFeatures } from "../pipeline/contract/stages.ts";

export const exportFeatures: ExportFeatures = async ({ features, ...options }) => {
  const { openFeatures } = await import("./data/feature_set.ts");
  const { writePublished } = await import("./data/published/export_features.ts");
  const { regionClassesIfAny } = await import("./data/region_classes.ts");
  using set = await openFeatures(features);
  const classes = await regionClassesIfAny(features, set);
  Deno.mkdirSync(options.folder, { recursive: true });
  writePublished(set, { ...options, ...(classes && { classes }) });
  await Deno.copyFile(`${features.folder}/tokenizer.json`, `${options.folder}/tokenizer.json`)
    .catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // captions tokenised elsewhere
    });
  return {
    images: set.images.length,
    captions: set.captions.length,
    splits: [...new Set(set.images.map(({ split }) => split))],
  };
};
