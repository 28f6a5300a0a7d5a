import { InputError } from '@mlm/base/errors';
import { TWO_TO_32 } from './counter.js';
import { countBitWords, type Draws } from './draws.js';

/** Uniform numbers in [0, 1): one of each kind for every id of the column's rows, from the first row on. */
export interface Uniforms {
  /** A position is masked if its number is below the probability. */
  select: ArrayLike<number>;
  /** If not all masked tokens become [MASK]: below 0.8 (with `bert`) [MASK], below 0.9 a random id, else kept. */
  kind?: ArrayLike<number>;
  /** For random ids: the unprotected id at `floor(number * count of unprotected ids)`. */
  id?: ArrayLike<number>;
}

/** Draws supplied by the caller. Runs of words are not supported. */
export function givenDraws(uniforms: Uniforms): Draws {
  return {
    select(rows, chance) {
      const bits = new Uint32Array(countBitWords(rows));
      let firstWord = 0;
      for (let i = 0; i < rows.count; i++) {
        for (let position = 0; position < rows.lengths[i]!; position++) {
          if (uniforms.select[rows.starts[i]! + position]! < chance) {
            bits[firstWord + (position >>> 5)]! |= 1 << (position & 31);
          }
        }
        firstWord += (rows.lengths[i]! + 31) >>> 5;
      }
      return bits;
    },

    rank: ({ starts, lengths }, row) =>
      Float64Array.from(
        { length: lengths[row]! },
        (_, position) => uniforms.select[starts[row]! + position]! * TWO_TO_32,
      ),

    runs() {
      throw new InputError(
        'runs of words cannot be drawn from given uniform numbers; select tokens or whole words',
      );
    },

    replace({ count, indices }, _rows, range) {
      const of = (numbers: ArrayLike<number> | undefined) =>
        Float64Array.from({ length: count }, (_, i) => numbers![indices[i]!]!);
      return {
        kinds: of(uniforms.kind).map((number) => number * TWO_TO_32),
        choices: of(uniforms.id).map((number) => Math.floor(number * range)),
      };
    },
  };
}
