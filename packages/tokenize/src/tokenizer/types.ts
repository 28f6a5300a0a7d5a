import type { PreparedEncoder } from '../encoder/image.js';

/** How a text is divided into documents: not at all, a document a line, or a document between blank lines. */
export type DocumentMode = 'none' | 'line' | 'blank-line';

/** Token ids of one text. The arrays are views that the next call of the same encoder overwrites. */
export interface EncodedText {
  /** int32 ids of all documents, one after the other, without any special token added. */
  ids: Int32Array;
  /** For each document, the index in `ids` after its last id. Documents without any id are left out. */
  documentEnds: Int32Array;
  /** For each of these documents, the byte offset in the text at which it starts. */
  documentStarts: Int32Array;
  /** How many ill-formed UTF-8 sequences were read as U+FFFD (counted as the WHATWG decoder does). */
  invalidUtf8: number;
}

/** Turns UTF-8 bytes into token ids. It keeps caches and buffers: one for each thread. */
export interface Encoder {
  /**
   * Encodes a text of any length; a blank line is one that holds nothing but whitespace.
   * @param text UTF-8 bytes; ill-formed sequences are read as U+FFFD and counted
   */
  encode(text: Uint8Array, options: { document: DocumentMode }): EncodedText;
}

/** Ids of the five special tokens of BERT. */
export interface SpecialIds {
  /** [CLS], which begins a row. */
  cls: number;
  /** [SEP], which ends a row, and a document inside one. */
  sep: number;
  /** [PAD], after the end of a row. */
  pad: number;
  /** [UNK], for what the vocabulary cannot spell. */
  unk: number;
  /** [MASK]. */
  mask: number;
}

/** A token that is recognised in the text before anything else happens to it, as in `added_tokens` of tokenizer.json. */
export interface AddedToken {
  /** Its token id. */
  id: number;
  /** Its text. */
  content: string;
  /** Whether masking must leave it alone. */
  special: boolean;
  /** Only where no word character stands beside it. */
  singleWord: boolean;
  /** Takes the whitespace on its left along. */
  lstrip: boolean;
  /** Takes the whitespace on its right along. */
  rstrip: boolean;
  /** Looked for in the normalized text, in normalized form. */
  normalized: boolean;
}

/** All that BERT's WordPiece tokenization depends on. */
export interface WordPieceModel {
  /** Tokens of the WordPiece model by id; holes are undefined. */
  tokens: readonly (string | undefined)[];
  unkToken: string;
  /** Starts every piece of a word but the first, usually `##`. */
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

/** What a tokenizer is rebuilt from; it can be cloned by `postMessage`. */
export interface TokenizerDefinition {
  /** What the tokenizer is called, in metadata and messages. */
  name: string;
  /** The tokenizer's files as text, by name: tokenizer.json or vocab.txt, and tokenizer_config.json. */
  files: Record<string, string>;
}

/**
 * What a worker thread makes an encoder of; it can be cloned by `postMessage`: an encoder that is set up, to be taken over,
 * or where there is none the files.
 */
export type EncoderSource = PreparedSource | ImageSource | DefinitionSource;

/** An encoder that is set up. */
export interface PreparedSource {
  /** Its memory and code. */
  prepared: PreparedEncoder;
}

/** The memory of a byte-level BPE or Unigram encoder, and the files, which serve for what it leaves to TypeScript. */
export interface ImageSource {
  /** What the encoder has set up. */
  image: NativeImage;
  /** The files. */
  definition: TokenizerDefinition;
}

/** A tokenizer's files, of which a thread sets up its own encoder. */
export interface DefinitionSource {
  /** The files. */
  definition: TokenizerDefinition;
}

/** A loaded tokenizer. */
export interface Tokenizer {
  /** The bundled tokenizer's name, the name of the folder or file, or the `owner/name` of a hub. */
  readonly name: string;
  /** The commit that a tokenizer from a hub is of. */
  readonly revision?: string;
  /** SHA-256 of the vocabulary, one token a line in the order of the ids, in hexadecimal. */
  readonly sha256: string;
  /** The highest id + 1, added tokens included. */
  readonly vocabularySize: number;
  /** Ids of BERT's five special tokens, whatever this tokenizer calls them. */
  readonly specialIds: SpecialIds;
  /** Ids that masking must leave alone: the five special tokens and all that tokenizer.json flags as special. Ascending. */
  readonly protectedIds: readonly number[];
  /**
   * 1 for each id that begins a word, 0 for one that continues it, as a token's text says: without `##` in WordPiece,
   * with `▁` in Unigram, with a space in byte-level BPE, where so punctuation that follows a word belongs to it.
   */
  readonly wordStarts: Uint8Array;
  /** tokenizer.json, tokenizer_config.json and vocab.txt as text; transformers' AutoTokenizer opens a folder of them. */
  readonly files: Readonly<Record<string, string>>;
  /** A new encoder, for use in this thread. */
  encoder(): Encoder;
  /** What a worker thread of `tokenize` makes its encoder of. */
  encoderSource(): EncoderSource;
  /** Whether an id has a token: a vocabulary may have holes, and end before a model's does. */
  hasToken(id: number): boolean;
  /** @throws RangeError when there is no such id */
  idToToken(id: number): string;
  /** Text of the ids; pieces are joined to words. Special tokens are kept. */
  decode(ids: Iterable<number>): string;
  /** What `tokenizerFromDefinition` rebuilds this tokenizer from. */
  definition(): TokenizerDefinition;
}

/** What an encoder in WebAssembly is set up with; it can be cloned by `postMessage`. */
export interface NativeImage {
  module: 'bpe' | 'unigram';
  /** Arguments of the exported functions that give everything its place, by name, in their order. */
  calls: [name: string, ...args: (number | boolean)[]][];
  normalizer: ComponentJson | null;
  /** Whether the normalizer is taken apart into characters, or runs on whole segments. */
  mapsCharacters: boolean;
  tokenBytes: [raw: number, normalized: number];
  /** The tokenizer's name, for messages. */
  name: string;
  /** Memory up to where setting up has filled it. */
  memory: SharedArrayBuffer;
  /** Bytes of the replacements of characters so far. */
  replacementBytes: number;
}

/** A normalizer, pre-tokenizer or decoder of a tokenizer.json, with the settings of its type. */
export interface ComponentJson {
  type: string;
  [setting: string]: unknown;
}
