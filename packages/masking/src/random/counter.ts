import type { Split } from '@mlm/arrow/columns';

/**
 * The source of every random draw of masking. The generator is Philox4x32-10 (Salmon et al., 2011), a pure function of
 * a 64-bit key and a 128-bit counter, so a draw depends only on its purpose and place:
 *
 *     counter  word 0   purpose << 28 | position in the row (selection: position >> 2)
 *              word 1   row in the unit, before `dupe_factor` repeats it
 *              word 2   unit
 *              word 3   epoch << 2 | split << 1 | stream
 *
 *     stream  purpose  draw
 *     0       0        selection: word `position & 3` selects the position when it is `< chance * 2^32`
 *     1       0        replacement: word 0 is the kind, words 1 and 2 choose the id
 *     0       1        runs of words: word 0 is the length of a run that begins at the position; where a stretch of text
 *                      begins, word 1 says whether a run is under way there, and word 2 how much of it is left
 *     0       15       the key of a stream number, see {@link keyWords}
 *
 * `split` is 0 for train and 1 for validation. With n copies of a row (`dupe_factor`), copy k of a row in epoch e is
 * epoch e·n + k of that row.
 */
export const TWO_TO_32 = 0x1_0000_0000;

/** A counter or a block of output: four words of 32 bits. */
export type Words = readonly [number, number, number, number];

/** The two words of a key. */
export type Key = readonly [low: number, high: number];

/** The largest epoch that fits the counter. */
export const LAST_EPOCH = 2 ** 30 - 1;

/** The purpose of a draw, if counter word 3 does not tell: the top four bits of counter word 0. */
export const RUN_PURPOSE = 1 << 28;
const KEY_PURPOSE = 0xf000_0000;

/** Counter word 3 of stream 0; stream 1 sets its lowest bit. */
export function selectionWord(epoch: number, split: Split): number {
  return ((epoch << 2) | (split === 'validation' ? 2 : 0)) >>> 0;
}

/**
 * The two words of a key: those of the seed. A stream number i > 0 has its own key, words 0 and 1 of the block of the
 * counter (15 << 28, i, 0, 0) under the seed's key, so that equal places in different streams have different draws.
 */
export function keyWords(seed: number, streamNumber = 0): Key {
  const key: Key = [seed >>> 0, Math.floor(seed / TWO_TO_32) >>> 0];
  if (streamNumber === 0) return key;
  const [low, high] = philox([KEY_PURPOSE, streamNumber >>> 0, 0, 0], key);
  return [low, high];
}

const MULTIPLIER_0 = 0xd251_1f53;
const MULTIPLIER_1 = 0xcd9e_8d57;
const WEYL_0 = 0x9e37_79b9;
const WEYL_1 = 0xbb67_ae85;
const ROUNDS = 10;

/** One block of Philox4x32-10: four 32-bit words of counter become four of output. */
export function philox(counter: Words, key: Key): Words {
  let [word0, word1, word2, word3] = counter;
  let [key0, key1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const [high0, low0] = multiply(MULTIPLIER_0, word0);
    const [high1, low1] = multiply(MULTIPLIER_1, word2);
    [word0, word1, word2, word3] = [(high1 ^ word1 ^ key0) >>> 0, low1, (high0 ^ word3 ^ key1) >>> 0, low0];
    key0 = (key0 + WEYL_0) >>> 0;
    key1 = (key1 + WEYL_1) >>> 0;
  }
  return [word0, word1, word2, word3];
}

/** High and low half of a product of two 32-bit words; doubles hold each partial product exactly. */
function multiply(a: number, b: number): [high: number, low: number] {
  const lowPart = a * (b & 0xffff);
  const highPart = a * (b >>> 16) + Math.floor(lowPart / 0x1_0000);
  return [Math.floor(highPart / 0x1_0000) >>> 0, Math.imul(a, b) >>> 0];
}
