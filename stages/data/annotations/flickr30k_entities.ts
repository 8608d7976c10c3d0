/** Reads the folder of Flickr30k Entities: `Sentences/<image>.txt` and `Annotations/<image>.xml`. */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { type EntityBoxes, parseEntityBoxes } from "./entity_boxes.ts";
import { type EntitySentence, parseEntitySentences } from "./entity_sentences.ts";
import { decoding, wrongIn } from "../formats/foreign_file.ts";

export interface EntityImage {
  readonly sentences: readonly EntitySentence[];
  readonly boxes: EntityBoxes;
}

export interface Flickr30kEntities {
  readonly folder: string;
  /** Annotations of an image; undefined if it has none. */
  read(image: string): EntityImage | undefined;
}

/** Longest file that is accepted, in bytes: five captions or some dozens of boxes need far less. */
const LONGEST_FILE = 1 << 18;

/**
 * Images are found by name without file extension, or by the number at the end of it: `36979.jpg` and
 * `flickr30k_000000036979.npz` both match `Sentences/36979.txt`.
 *
 * @throws {Complaint} when a subfolder is missing; `read` does when a file is damaged or its counterpart is
 * missing
 */
export function openFlickr30kEntities(folder: string): Flickr30kEntities {
  for (const part of ["Sentences", "Annotations"]) {
    if (!isFolder(`${folder}/${part}`)) {
      throw new Complaint(
        `the folder \`${part}\` is missing`,
        "name the folder into which annotations.zip of Flickr30k Entities was extracted",
        { place: { file: folder }, exitCode: 1 },
      );
    }
  }
  return {
    folder,
    read(image) {
      for (const name of namesOf(image)) {
        const files = [`${folder}/Sentences/${name}.txt`, `${folder}/Annotations/${name}.xml`];
        const [sentences, boxes] = files.map(readSmallFile);
        if (sentences === undefined && boxes === undefined) continue;
        const missing = sentences === undefined ? 0 : 1;
        if (sentences === undefined || boxes === undefined) {
          throw wrongIn(files[missing]!)(`it is missing, but ${files[1 - missing]} exists`);
        }
        return {
          sentences: parseEntitySentences(sentences, files[0]!),
          boxes: parseEntityBoxes(boxes, files[1]!),
        };
      }
    },
  };
}

/** Possible base names of an image's files; excludes names that could leave the folder. */
function namesOf(image: string): string[] {
  const stem = image.replace(/\.[A-Za-z]+$/, "");
  const number = /0*(\d{1,20})$/.exec(stem)?.[1];
  const names = new Set([stem, ...number === undefined ? [] : [number]]);
  return [...names].filter((name) => /^\w[\w.-]{0,99}$/.test(name));
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Undefined if the file does not exist. */
function readSmallFile(file: string): Uint8Array | undefined {
  const wrong = wrongIn(file);
  try {
    const { size, isFile } = Deno.statSync(file);
    if (!isFile) throw wrong("this is not a regular file");
    if (size > LONGEST_FILE) throw wrong(`it has ${size} bytes, more than ${LONGEST_FILE}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Complaint) throw error;
    throw wrong(`it cannot be read: ${(error as Error).message}`, error);
  }
  return decoding(wrong, "it cannot be read", () => Deno.readFileSync(file));
}
