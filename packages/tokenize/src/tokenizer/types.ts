import type { PreparedEncoder } from '../encoder/image.js';

/** How a text is divided into documents: not at all, at each line end, or at blank lines. */
export type DocumentMode = 'none' | 'line' | 'blank-line';

/** Token ids of one text. The arrays are views that the next call of the same encoder overwrites. */
export interface EncodedText {
  /** int32 ids of all documents, one after another, without added special tokens. */
  ids: Int32Array;
  /** For each document, the index in `ids` after its last id. Documents without any id are left out. */
  documentEnds: Int32Array;
  /** For each of these documents, the byte offset in the text at which it starts. */
  documentStarts: Int32Array;
  /** How many ill-formed UTF-8 sequences were read as U+FFFD (counted as the WHATWG decoder does). */
  invalidUtf8: number;
}

/** Turns UTF-8 bytes into token ids. It has caches and buffers, so each thread needs its own. */
export interface Encoder {
  /**
   * Encodes a text of any length. A blank line contains nothing but whitespace.
   * @param text UTF-8 bytes; ill-formed sequences are read as U+FFFD and counted
   */
  encode(text: Uint8Array, options: { document: DocumentMode }): EncodedText;
  /** Whether white space around documents gives no ids, so that texts may be joined with blank lines. Default: false. */
  readonly ignoresSpace?: boolean;
  /**
   * Room for a text in the encoder's own memory: a text that is read into it, and of which a part is passed to the next
   * `encode`, is not copied. That call overwrites it. Absent, or no room for so many bytes: any other memory serves.
   */
  room?(bytes: number): Uint8Array | undefined;
}

/** Ids of the five special tokens of BERT. */
export interface SpecialIds {
  /** [CLS], the first token of a row. */
  cls: number;
  /** [SEP], the last token of a row, and the separator of documents in it. */
  sep: number;
  /** [PAD], which fills up a row. */
  pad: number;
  /** [UNK], for what the vocabulary cannot spell. */
  unk: number;
  /** [MASK]. */
  mask: number;
}

/** A token that is recognised in the text before anything else, as in `added_tokens` of tokenizer.json. */
export interface AddedToken {
  /** Its token id. */
  id: number;
  /** Its text. */
  content: string;
  /** Whether masking must leave it alone. */
  special: boolean;
  /** Matches only without word characters beside it. */
  singleWord: boolean;
  /** Includes the whitespace on its left. */
  lstrip: boolean;
  /** Includes the whitespace on its right. */
  rstrip: boolean;
  /** Searched in the normalized text, in normalized form. */
  normalized: boolean;
}

/** Everything that BERT's WordPiece tokenization depends on. */
export interface WordPieceModel {
  /** Tokens of the WordPiece model by id; holes are undefined. */
  tokens: readonly (string | undefined)[];
  unkToken: string;
  /** Prefix of every piece of a word but the first, usually `##`. */
  continuingSubwordPrefix: string;
  /** A word of more characters becomes the unknown token. */
  maxInputCharsPerWord: number;
  addedTokens: readonly AddedToken[];
  /** Removes control characters. */
  cleanText: boolean;
  /** Makes each CJK ideograph a word. */
  handleChineseChars: boolean;
  /** Removes accents. */
  stripAccents: boolean;
  lowercase: boolean;
}

/** A tokenizer's name and files, from which it can be rebuilt; can be cloned by `postMessage`. */
export interface TokenizerDefinition {
  /** The tokenizer's name in metadata and messages. */
  name: string;
  /** The tokenizer's files as text, by name: tokenizer.json or vocab.txt, and tokenizer_config.json. */
  files: Record<string, string>;
}

/**
 * The source of a worker thread's encoder: an encoder that is already set up or, if there is none, the files. Can be
 * cloned by `postMessage`.
 */
export type EncoderSource = PreparedSource | ImageSource | DefinitionSource;

/** An encoder that is set up. */
export interface PreparedSource {
  /** Its memory and code. */
  prepared: PreparedEncoder;
}

/** The memory of a byte-level BPE or Unigram encoder, and the files for what it leaves to TypeScript. */
export interface ImageSource {
  /** The encoder's memory and settings. */
  image: NativeImage;
  /** The files. */
  definition: TokenizerDefinition;
}

/** A tokenizer's files, from which a thread sets up its own encoder. */
export interface DefinitionSource {
  /** The files. */
  definition: TokenizerDefinition;
}

/** A loaded tokenizer. */
export interface Tokenizer {
  /** The name of the bundled tokenizer, of the folder or file, or `owner/name` on a hub. */
  readonly name: string;
  /** The commit of a tokenizer from a hub. */
  readonly revision?: string;
  /** SHA-256 of the vocabulary, one token per line in the order of ids, in hexadecimal. */
  readonly sha256: string;
  /** The highest id + 1, added tokens included. */
  readonly vocabularySize: number;
  /** Ids of BERT's five special tokens, whatever their names in this tokenizer. */
  readonly specialIds: SpecialIds;
  /** Ids that are never masked: the five special tokens and all that tokenizer.json flags as special. Ascending. */
  readonly protectedIds: readonly number[];
  /**
   * 1 for each id that begins a word, 0 for one that continues it, by the token's text: a word begins without `##` in
   * WordPiece, with `▁` in Unigram, and with a space in byte-level BPE, where punctuation after a word thus belongs to
   * it.
   */
  readonly wordStarts: Uint8Array;
  /** tokenizer.json, tokenizer_config.json and vocab.txt as text; transformers' AutoTokenizer opens a folder of them. */
  readonly files: Readonly<Record<string, string>>;
  /** `files` as JSON in UTF-8, where the package has them so: they need not be parsed to be written. */
  readonly filesJson?: Uint8Array | undefined;
  /** A new encoder, for use in this thread. */
  encoder(): Encoder;
  /** The source of the encoder in a worker thread of `tokenize`. */
  encoderSource(): EncoderSource;
  /** Whether an id has a token: a vocabulary may have holes, and may end before the model's. */
  hasToken(id: number): boolean;
  /** @throws RangeError if no token has the id */
  idToToken(id: number): string;
  /** The text of ids, with pieces joined to words. Special tokens are kept. */
  decode(ids: Iterable<number>): string;
  /** The definition from which `tokenizerFromDefinition` rebuilds this tokenizer. */
  definition(): TokenizerDefinition;
}

/** The memory and settings of an encoder in WebAssembly; can be cloned by `postMessage`. */
export interface NativeImage {
  module: 'bpe' | 'unigram';
  /** The exported functions that lay out the memory, with their arguments, in order. */
  calls: [name: string, ...args: (number | boolean)[]][];
  normalizer: ComponentJson | null;
  /** Whether the normalizer is applied per character, or runs on whole segments. */
  mapsCharacters: boolean;
  tokenBytes: [raw: number, normalized: number];
  /** The tokenizer's name, for messages. */
  name: string;
  /** The memory, up to the end of what setting up filled. */
  memory: SharedArrayBuffer;
  /** Bytes of the replacements of characters so far. */
  replacementBytes: number;
}

/** A normalizer, pre-tokenizer or decoder of a tokenizer.json, with the settings of its type. */
export interface ComponentJson {
  type: string;
  [setting: string]: unknown;
}
