import { expect, it } from 'vitest';
import { CHUNK_TOKENS, chunkEnd } from './chunk.js';

it('a chunk has as many rows as fit, and at least one', () => {
  const half = CHUNK_TOKENS / 2;
  const offsets = Int32Array.of(5, 5 + half, 5 + 2 * half, 6 + 2 * half, 6 + 7 * half, 7 + 7 * half);
  expect([0, 1, 2, 3, 4].map((begin) => chunkEnd(offsets, begin, 5))).toEqual([2, 3, 3, 4, 5]);
  expect(chunkEnd(offsets, 0, 1)).toBe(1);
});
