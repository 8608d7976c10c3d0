/** Checks of `doctor` for published databases, from their lists and a sample of their entries. */
import { matchImages } from "../data/databases/image_names.ts";
import { openImageDatabase } from "../data/databases/open_image_database.ts";
import { wrongIn } from "../data/formats/foreign_file.ts";
import { rawCaptions } from "../data/published/captions.ts";
import type { ImportParameters } from "../data/published/import_features.ts";
import type { PublishedSource } from "../data/published/data_sets.ts";
import { openTextDatabase } from "../data/databases/text_database.ts";

/** Number of images and captions that are read, spread evenly over each database. */
const sample = 50;

/** Facts: numbers per split, the longest caption, the most regions, and the widths. */
export function examinePublished(
  sources: readonly PublishedSource[],
  files: Readonly<Record<string, string>>,
  parameters: ImportParameters,
) {
  const facts: Record<string, number> = { words: 2, regions: 1 };
  const grow = (name: string, by: number) => facts[name] = (facts[name] ?? 0) + by;
  const atLeast = (name: string, value: number) => facts[name] = Math.max(facts[name] ?? 0, value);
  const findings: { verdict: "ok" | "bad"; what: string; fix?: string }[] = [];
  if (parameters.captions !== undefined) {
    const source = rawCaptions(sources, files, {
      ...parameters,
      names(role) {
        using database = openImageDatabase(files[role]!, parameters, parameters.format);
        return database.names();
      },
    });
    for (const { split } of source.images) grow(`${split}_images`, 1);
    for (const { split, tokens } of source.lines) {
      grow(`${split}_captions`, 1);
      atLeast("words", tokens.length + 2);
    }
    facts["vocabulary"] = source.vocabulary.size;
  }
  for (const { split, texts, images } of sources) {
    using database = openImageDatabase(files[images]!, parameters, parameters.format);
    let names = database.names();
    if (texts !== undefined) {
      using captions = openTextDatabase(files[texts]!);
      for (const id of evenly(captions.ids)) captions.read(id);
      const kept = captions.ids.filter((id) =>
        split !== "train" || captions.length(id) <= parameters.max_text_length
      );
      for (const id of kept) atLeast("words", captions.length(id) + 2);
      names = [...captions.textsOfImage.keys()];
      grow(`${split}_captions`, kept.length);
      grow(`${split}_images`, names.length);
      facts["vocabulary"] = captions.vocabularySize;
      const entries = matchImages(names, database.names(), wrongIn(database.place));
      const lost = names.filter((name) => !entries.has(name));
      if (lost.length > 0) {
        findings.push({
          verdict: "bad",
          what: `${lost.length} images of ${texts} have no features in ${images}, such as ${
            lost[0]
          }`,
          fix: "fetch the image database that belongs to these captions",
        });
      }
      names = [...entries.values()];
    }
    for (const name of evenly(names)) {
      const { count, featureDim } = database.read(name);
      atLeast("regions", count);
      const width = facts["feature_dim"] ??= featureDim;
      if (width === featureDim) continue;
      findings.push({
        verdict: "bad",
        what: `\`${name}\` has ${featureDim} numbers per region, earlier images have ${width}`,
        fix: "use features of a single detector",
      });
      break;
    }
  }
  const counts = Object.entries(facts).filter(([name]) => name.endsWith("_captions"))
    .map(([name, count]) => `${count} captions of split ${name.replace("_captions", "")}`);
  findings.push({
    verdict: "ok",
    what: `${counts.join(", ")}; regions of ${facts["feature_dim"]} numbers`,
  });
  return { findings, facts };
}

function evenly<Item>(items: readonly Item[]): Item[] {
  const step = Math.max(1, Math.floor(items.length / sample));
  return items.filter((_, place) => place % step === 0);
}
