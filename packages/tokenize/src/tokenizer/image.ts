/** What lies where in an encoder's memory, and the settings that lie outside of it. */
export interface EncoderLayout {
  /** Bytes of the tokens, a line each, of the prefix, and of the added tokens. */
  tokenBytes: number;
  prefixBytes: number;
  addedBytes: number;
  trieBytes: number;
  /** Ids and sizes in bytes, the longest first. */
  addedTokens: { id: number; bytes: number }[];
  unknownId: number;
  maxInputCharacters: number;
  lowercase: boolean;
  cleanText: boolean;
}

/** An encoder that was set up in one thread, for others to take over instead of setting up their own. */
export interface EncoderImage {
  layout: EncoderLayout;
  /** The first bytes of its memory. */
  memory: SharedArrayBuffer;
  knownWords: number;
}

/** An encoder that can be posted to other threads, which then need not set it up. */
export interface PreparedEncoder {
  image: EncoderImage;
  module: WebAssembly.Module;
}
