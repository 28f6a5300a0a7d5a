import type { Split } from '@mlm/arrow';

/**
 * Where every random draw of the masking rule comes from. The generator is Philox4x32-10 (Salmon et al., 2011),
 * a pure function of a 64-bit key and a 128-bit counter, so a draw depends on what it is for and on nothing else.
 *
 *     key      word 0   low 32 bits of the seed          word 1   high 32 bits of the seed
 *
 *     counter  selection (stream 0)                      replacement (stream 1)
 *     word 0   position in the row >> 2                  position in the row
 *     word 1   row in the unit                           row in the unit
 *     word 2   unit                                      unit
 *     word 3   epoch << 2 | split << 1 | 0               epoch << 2 | split << 1 | 1
 *
 * `split` is 0 for train and 1 for validation. Of a selection block, word `position & 3` selects the position when it is
 * `< probability * 2^32`: one block serves four neighbours. Of a replacement block, word 0 is the kind (`< 0.8 * 2^32`
 * [MASK], `< 0.9 * 2^32` a random id, else kept) and words 1 and 2 choose the id: with n unprotected ids in ascending
 * order, the one at `floor((word1 * 2^32 + word2) * n / 2^64)`, which is uniform but for a bias below 2^-64 an id.
 */
export const TWO_TO_32 = 0x1_0000_0000;

/** A counter or a block of output: four words of 32 bits. */
export type Words = readonly [number, number, number, number];

/** The largest epoch that fits the counter. */
export const LAST_EPOCH = 2 ** 30 - 1;

/** Counter word 3 of the selection stream. */
export function selectionWord(epoch: number, split: Split): number {
  return ((epoch << 2) | (split === 'validation' ? 2 : 0)) >>> 0;
}

/** Counter word 3 of the replacement stream. */
export function replacementWord(epoch: number, split: Split): number {
  return (selectionWord(epoch, split) | 1) >>> 0;
}

/** The key's two words. */
export function keyWords(seed: number): [low: number, high: number] {
  return [seed >>> 0, Math.floor(seed / TWO_TO_32) >>> 0];
}
