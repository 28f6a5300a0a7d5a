import type { WordTable } from './word-table.js';

/** Words as sequences of symbols: word i is `symbols[starts[i] .. starts[i] + lengths[i])` and occurs `counts[i]` times. */
export interface SymbolWords {
  symbols: Int32Array;
  starts: Int32Array;
  lengths: Int32Array;
  counts: Float64Array;
}

/** The words of a table, with code points as symbols. */
export function codePointWords(table: WordTable): SymbolWords {
  const wordCount = table.size;
  const starts = new Int32Array(wordCount);
  const lengths = new Int32Array(wordCount);
  const counts = new Float64Array(wordCount);
  let bytes = 0;
  for (let word = 0; word < wordCount; word++) bytes += table.bytes(word).length;
  const symbols = new Int32Array(bytes);
  let at = 0;
  for (let word = 0; word < wordCount; word++) {
    starts[word] = at;
    at = decodeUtf8(table.bytes(word), symbols, at);
    lengths[word] = at - starts[word]!;
    counts[word] = table.count(word);
  }
  return { symbols, starts, lengths, counts };
}

/** Writes the code points of well-formed UTF-8; returns the index after the last. */
function decodeUtf8(bytes: Uint8Array, into: Int32Array, from: number): number {
  let at = from;
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i++]!;
    const more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    let codePoint = more === 0 ? first : first & (0x3f >> more);
    for (let left = more; left > 0; left--) codePoint = (codePoint << 6) | (bytes[i++]! & 0x3f);
    into[at++] = codePoint;
  }
  return at;
}
