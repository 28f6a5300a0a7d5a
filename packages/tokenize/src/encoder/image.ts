import type { WasmModule } from '@mlm/base/webassembly';

/** The layout of an encoder's memory, and its settings outside of memory. */
export interface EncoderLayout {
  /** Bytes of the trie. */
  trieBytes: number;
  /** Sizes of the added tokens in bytes, the longest first. */
  addedTokens: number[];
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
  /** The layout of its memory. */
  layout: EncoderLayout;
  /** What its memory holds in `regions`, one after the other, or the URL of the file that holds it. */
  memory: SharedArrayBuffer | string;
  /** Start and length in bytes of all regions with anything but zeros, in order. */
  regions: [start: number, length: number][];
  /** Words in its cache. */
  knownWords: number;
  /** The cache has two to the power of this many slots. */
  wordBits: number;
}

/** An encoder that can be posted to other threads, ready for use. */
export interface PreparedEncoder {
  /** Its memory. */
  image: EncoderImage;
  /** Its code, compiled. @internal */
  module: WasmModule;
}
