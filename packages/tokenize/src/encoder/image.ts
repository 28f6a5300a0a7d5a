import type { WasmModule } from '@mlm/base/webassembly';

/** The layout of an encoder's memory, and its settings outside of memory. */
export interface EncoderLayout {
  /** Bytes of the tokens, one per line. */
  tokenBytes: number;
  /** Bytes of the prefix of pieces that continue a word. */
  prefixBytes: number;
  /** Bytes of the added tokens. */
  addedBytes: number;
  /** Bytes of the trie. */
  trieBytes: number;
  /** Ids and sizes in bytes, the longest first. */
  addedTokens: { id: number; bytes: number }[];
  /** Id of [UNK]. */
  unknownId: number;
  /** A word with more characters becomes [UNK]. */
  maxInputCharacters: number;
  /** Whether text is lowercased and its accents are stripped. */
  lowercase: boolean;
  /** Whether control characters are removed. */
  cleanText: boolean;
}

/** An encoder set up in one thread, for other threads to load instead of setting up their own. */
export interface EncoderImage {
  /** The layout of `memory`. */
  layout: EncoderLayout;
  /** The first bytes of its memory, or the URL of the file that holds them. */
  memory: SharedArrayBuffer | string;
  /** Words in its cache. */
  knownWords: number;
}

/** An encoder that can be posted to other threads, ready for use. */
export interface PreparedEncoder {
  /** Its memory. */
  image: EncoderImage;
  /** Its code, compiled. @internal */
  module: WasmModule;
}
