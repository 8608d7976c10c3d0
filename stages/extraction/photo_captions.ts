/** Reads captions of photos from a CSV file with columns `image` and `caption`, like Flickr8k's. */
import { CsvError, parse } from "csv-parse/sync";
import { Complaint } from "../../pipeline/contract/complaint.ts";

export interface PhotoCaption {
  /** File name in the folder of photos. */
  readonly image: string;
  readonly text: string;
  /** Its line in the file, the last one if it has several. */
  readonly line: number;
}

/**
 * Supports quoted commas and line breaks, and doubled quotes.
 *
 * @param text as `readText` returns it
 * @param options.file path for error messages
 * @returns captions in file order
 * @throws {Complaint} with the invalid line
 */
export function readPhotoCaptions(text: string, { file }: { file: string }): PhotoCaption[] {
  const wrong = (
    what: string,
    line?: number,
    cause?: unknown,
  ) =>
    new Complaint(what, "write a line `image,caption`, then one line per caption", {
      place: { file, ...(line === undefined ? {} : { line }) },
      exitCode: 1,
      cause,
    });
  let rows: { info: { lines: number }; record: string[] }[];
  try {
    rows = parse(text, {
      info: true,
      record_delimiter: "\n",
      skip_empty_lines: true,
    }) as unknown as typeof rows;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error["lines"] === "number" ? error["lines"] : undefined;
    throw wrong(`this is not valid CSV: ${plainMessage(error)}`, line, error);
  }
  const head = rows.shift()?.record.map((name) => name.trim().toLowerCase());
  if (head === undefined) throw wrong("the file has no captions");
  const [image, caption] = [head.indexOf("image"), head.indexOf("caption")];
  if (image < 0 || caption < 0) {
    throw wrong(
      `the columns are ${head.join(", ")}: \`image\` or \`caption\` is missing`,
      1,
    );
  }
  if (rows.length === 0) throw wrong("the file has no captions");
  return rows.map(({ record, info: { lines } }) => {
    const [name, words] = [record[image]!.trim(), record[caption]!.trim()];
    if (name === "") throw wrong("a caption names no image", lines);
    if (/[/\\\p{Cc}]/u.test(name) || name === "." || name === "..") {
      const shown = name.replace(/\p{Cc}/gu, (one) => JSON.stringify(one).slice(1, -1));
      throw wrong(`\`${shown}\` is not the name of a file in the folder of photos`, lines);
    }
    return { image: name, text: words, line: lines };
  });
}

/** The library's messages mention its options; these describe the problem in the file. */
function plainMessage(error: CsvError): string {
  switch (error.code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return "a quote is not closed";
    case "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH":
      return "a line has more or fewer fields than the first";
    case "INVALID_OPENING_QUOTE":
    case "CSV_INVALID_CLOSING_QUOTE":
      return "there is a quote in the middle of a field";
    default:
      return error.message;
  }
}
