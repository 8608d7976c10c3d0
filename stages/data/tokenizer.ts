/** Word pieces of captions, through the tokenizers library; the vocabulary comes from captions. */
import { Tokenizer } from "@huggingface/tokenizers";
import type { Vocabulary } from "./feature_set.ts";

const specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] as const;

export interface CaptionTokenizer {
  /** `tokenizer.json`, as the tokenizers library reads it. */
  readonly json: string;
  readonly vocabulary: Vocabulary;
  /** Ids of a caption's word pieces, without [CLS] and [SEP]. */
  encode(text: string): number[];
  /** The word pieces themselves. */
  pieces(text: string): string[];
}

/** Words of the captions, frequent ones first, words of equal frequency in alphabetical order. */
export function tokenizerFromCaptions(captions: readonly string[]): CaptionTokenizer {
  // The library itself cuts the words, so that none is cut otherwise when it is looked up.
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

/** Without a prototype, since a caption may say `constructor`. */
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

function wordPieceTokenizer(vocab: Record<string, number>): object {
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
      lowercase: true,
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
