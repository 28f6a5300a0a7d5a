import { TWO_TO_32 } from './counter.js';
import { countBitWords, type DrawPositions, type DrawRows, type Draws, type Replacements } from './draws.js';

/** Uniform numbers in [0, 1), one of each for every id of the column's rows, from the first row on. */
export interface Uniforms {
  /** A position is selected where its number is below the probability. */
  select: ArrayLike<number>;
  /** For `bert` only: below 0.8 [MASK], below 0.9 a random id, else kept. */
  kind?: ArrayLike<number>;
  /** For `bert` only: the unprotected id at `floor(number * count of unprotected ids)`. */
  id?: ArrayLike<number>;
}

/** Draws that the caller brings along. */
export function givenDraws(uniforms: Uniforms): Draws {
  return {
    select({ starts, lengths }: DrawRows, probability: number): Uint32Array {
      const bits = new Uint32Array(countBitWords(lengths));
      let firstWord = 0;
      for (let i = 0; i < lengths.length; i++) {
        for (let position = 0; position < lengths[i]!; position++) {
          if (uniforms.select[starts[i]! + position]! < probability) {
            bits[firstWord + (position >>> 5)]! |= 1 << (position & 31);
          }
        }
        firstWord += (lengths[i]! + 31) >>> 5;
      }
      return bits;
    },

    replace({ indices }: DrawPositions, range: number): Replacements {
      const kinds = Float64Array.from(indices, (index) => uniforms.kind![index]! * TWO_TO_32);
      const choices = Float64Array.from(indices, (index) => Math.floor(uniforms.id![index]! * range));
      return { kinds, choices };
    },
  };
}
