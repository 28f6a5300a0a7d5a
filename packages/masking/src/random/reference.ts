import type { Split } from '@mlm/arrow';
import { keyWords, replacementWord, selectionWord, TWO_TO_32, type Words } from './counter.js';
import { countBitWords, type DrawPositions, type DrawRows, type Draws, type Replacements } from './draws.js';

const MULTIPLIER_0 = 0xd251_1f53;
const MULTIPLIER_1 = 0xcd9e_8d57;
const WEYL_0 = 0x9e37_79b9;
const WEYL_1 = 0xbb67_ae85;
const ROUNDS = 10;

/** One block of Philox4x32-10: four 32-bit words of counter become four of output. */
export function philox(counter: Words, key: readonly [number, number]): Words {
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

/** The draws in plain TypeScript: what the WebAssembly kernel must equal word for word. */
export function referenceDraws(seed: number, epoch: number, split: Split): Draws {
  const key = keyWords(seed);
  return {
    select({ lengths, rows, units }: DrawRows, probability: number): Uint32Array {
      const bits = new Uint32Array(countBitWords(lengths));
      let firstWord = 0;
      for (let i = 0; i < lengths.length; i++) {
        for (let position = 0; position < lengths[i]!; position++) {
          const block = philox([position >>> 2, rows[i]!, units[i]!, selectionWord(epoch, split)], key);
          if (block[position & 3]! < probability * TWO_TO_32) {
            bits[firstWord + (position >>> 5)]! |= 1 << (position & 31);
          }
        }
        firstWord += (lengths[i]! + 31) >>> 5;
      }
      return bits;
    },

    replace({ positions, rows, units }: DrawPositions, range: number): Replacements {
      const kinds = new Uint32Array(positions.length);
      const choices = new Uint32Array(positions.length);
      for (let i = 0; i < positions.length; i++) {
        const block = philox([positions[i]!, rows[i]!, units[i]!, replacementWord(epoch, split)], key);
        kinds[i] = block[0];
        const [, high, low] = block;
        choices[i] = Number((((BigInt(high) << 32n) | BigInt(low)) * BigInt(range)) >> 64n);
      }
      return { kinds, choices };
    },
  };
}
