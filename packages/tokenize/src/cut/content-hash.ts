import { skipSpace } from '../source/boundary.js';

/** Leading bytes of a document that decide its split by content: a longer one may be read in several pieces. */
export const OPENING_BYTES = 32 << 10;

/**
 * A 32-bit hash (FNV-1a and a finalizer) of a document's first 32 KiB. It depends neither on the document's place in
 * the input nor on the kind and length of the whitespace around and between its words.
 */
export function contentHash(bytes: Uint8Array, from = 0, to = bytes.length): number {
  const start = skipSpace(bytes, from);
  let end = Math.min(to, start + OPENING_BYTES);
  while (end > start && bytes[end - 1]! <= 32) end--;
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte > 32) hash = Math.imul(hash ^ byte, 0x01000193);
    else if (bytes[i - 1]! > 32) hash = Math.imul(hash ^ 32, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
