/** A features artifact in UNITER's published formats, for other code. */

export interface FeaturesExport {
  readonly features: {
    readonly folder: string;
    readonly files: Readonly<Record<string, string>>;
  };
  /** Folder to fill. */
  readonly folder: string;
  /** What files are named after. */
  readonly dataset: string;
  readonly format: "lmdb" | "npz";
}

/** @returns what there was */
export async function exportFeatures({ features, ...options }: FeaturesExport): Promise<{
  readonly images: number;
  readonly captions: number;
  readonly splits: readonly string[];
}> {
  const { openFeatures } = await import("./data/feature_set.ts");
  const { writePublished } = await import("./data/published/export_features.ts");
  const { regionClassesIfAny } = await import("./data/region_classes.ts");
  using set = await openFeatures(features);
  const classes = await regionClassesIfAny(features, set);
  Deno.mkdirSync(options.folder, { recursive: true });
  writePublished(set, { ...options, ...(classes && { classes }) });
  await Deno.copyFile(`${features.folder}/tokenizer.json`, `${options.folder}/tokenizer.json`)
    .catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // captions that were cut elsewhere
    });
  return {
    images: set.images.length,
    captions: set.captions.length,
    splits: [...new Set(set.images.map(({ split }) => split))],
  };
}
