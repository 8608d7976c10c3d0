/** Tokenises captions with WordPiece, using the tokenizers library; builds vocabularies from captions. */
import { Tokenizer } from "@huggingface/tokenizers";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { Vocabulary } from "./feature_set.ts";

const specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] as const;

export interface CaptionTokenizer {
  /** Content of `tokenizer.json` in the format of the tokenizers library. */
  readonly json: string;
  readonly vocabulary: Vocabulary;
  /** Ids of a caption's word pieces, without [CLS] and [SEP]. */
  encode(text: string): number[];
  /** The word pieces themselves. */
  pieces(text: string): string[];
}

/** A vocabulary of the captions' words, by descending frequency and then in alphabetical order. */
export function tokenizerFromCaptions(captions: readonly string[]): CaptionTokenizer {
  // Split words with the library itself, so the vocabulary matches how captions are split later.
  const { normalizer, pre_tokenizer: cutter } = new Tokenizer(wordPieceTokenizer(idsOf([])), {});
  const counts = new Map<string, number>();
  for (const caption of captions) {
    for (const word of cutter!.pre_tokenize(normalizer!.normalize(caption))) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  const words = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return openTokenizer(
    JSON.stringify(wordPieceTokenizer(idsOf(words.map(([word]) => word))), null, 1),
  );
}

/**
 * BERT's WordPiece with a published vocabulary.
 *
 * @param text content of vocab.txt: one piece per line; the line number is the id
 * @param options.cased whether the vocabulary keeps case and accents, like `bert-base-cased`
 * @throws {Complaint} for missing special tokens and duplicate pieces
 */
export function tokenizerFromVocabulary(
  text: string,
  { cased, file }: { readonly cased: boolean; readonly file: string },
): CaptionTokenizer {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const vocab: Record<string, number> = Object.create(null);
  const wrong = (what: string, line?: number) =>
    new Complaint(what, "use the vocab.txt that belongs to the checkpoint", {
      place: { file, ...(line === undefined ? {} : { line }) },
      exitCode: 1,
    });
  lines.forEach((piece, id) => {
    if (Object.hasOwn(vocab, piece)) {
      throw wrong(`duplicate piece ${JSON.stringify(piece)}`, id + 1);
    }
    vocab[piece] = id;
  });
  const missing = specials.filter((special) => !Object.hasOwn(vocab, special));
  if (missing.length > 0) throw wrong(`the vocabulary is missing ${missing.join(", ")}`);
  return openTokenizer(JSON.stringify(wordPieceTokenizer(vocab, { cased })));
}

/** The object has no prototype, because a caption may contain `constructor`. */
function idsOf(words: readonly string[]): Record<string, number> {
  const ids: Record<string, number> = Object.create(null);
  [...specials, ...words].forEach((word, id) => ids[word] = id);
  return ids;
}

export function openTokenizer(json: string): CaptionTokenizer {
  const parsed = JSON.parse(json);
  const tokenizer = new Tokenizer(parsed, {});
  const vocab = parsed.model.vocab as Record<string, number>;
  const id = (word: string) => vocab[word]!;
  return {
    json,
    vocabulary: {
      size: Object.keys(vocab).length,
      pad: id("[PAD]"),
      unk: id("[UNK]"),
      cls: id("[CLS]"),
      sep: id("[SEP]"),
      mask: id("[MASK]"),
    },
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    pieces: (text) => tokenizer.encode(text, { add_special_tokens: false }).tokens,
  };
}

function wordPieceTokenizer(
  vocab: Record<string, number>,
  { cased = false }: { readonly cased?: boolean } = {},
): object {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: specials.map((content) => ({
      id: vocab[content],
      content,
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: !cased,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: null,
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}
