/** Tokens to work on at a time: as many as fit the processor's caches, with what is made of them. */
export const CHUNK_TOKENS = 32_768;

/**
 * The end of a chunk that begins at a row: at least one row, otherwise as many as fit the chunk's tokens.
 * @param offsets of the rows
 * @param count of the rows
 */
export function chunkEnd(offsets: Int32Array, begin: number, count: number): number {
  const limit = offsets[begin]! + CHUNK_TOKENS;
  let end = begin + 1;
  while (end < count && offsets[end + 1]! <= limit) end++;
  return end;
}
