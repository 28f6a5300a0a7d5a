import type { WasmModule } from '@mlm/base/webassembly';

/** What lies where in an encoder's memory, and the settings that lie outside of it. */
export interface EncoderLayout {
  /** Bytes of the tokens, one per line. */
  tokenBytes: number;
  /** Bytes of the prefix of a word's further pieces. */
  prefixBytes: number;
  /** Bytes of the added tokens. */
  addedBytes: number;
  /** Bytes of the trie. */
  trieBytes: number;
  /** Ids and sizes in bytes, the longest first. */
  addedTokens: { id: number; bytes: number }[];
  /** Id of [UNK]. */
  unknownId: number;
  /** A word of more characters becomes [UNK]. */
  maxInputCharacters: number;
  /** Whether text is lowercased and loses its accents. */
  lowercase: boolean;
  /** Whether control characters are removed. */
  cleanText: boolean;
}

/** An encoder that was set up in one thread, for others to take over instead of setting up their own. */
export interface EncoderImage {
  /** What lies where in `memory`. */
  layout: EncoderLayout;
  /** The first bytes of its memory, or the URL of the file that holds them. */
  memory: SharedArrayBuffer | string;
  /** Words that its cache holds. */
  knownWords: number;
}

/** An encoder that can be posted to other threads, which then need not set it up. */
export interface PreparedEncoder {
  /** What it has set up. */
  image: EncoderImage;
  /** Its code, compiled. @internal */
  module: WasmModule;
}
