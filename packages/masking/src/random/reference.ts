import { type Key, philox, RUN_PURPOSE, TWO_TO_32 } from './counter.js';
import { countBitWords, type DrawPositions, type DrawRows, type Draws } from './draws.js';

/** Draws in plain TypeScript, which the WebAssembly kernel must equal word for word. */
export function referenceDraws(key: Key): Draws {
  const selection = ({ rows, units, lasts }: DrawRows, row: number, position: number) => {
    const block = philox([position >>> 2, rows[row]!, units[row]!, lasts[row]!], key);
    return block[position & 3]!;
  };
  const blocks = (
    { count, indices, rowOf }: DrawPositions,
    { starts, rows, units, lasts }: DrawRows,
    purpose: number,
    stream: number,
  ) =>
    Array.from({ length: count }, (_, i) => {
      const row = rowOf[i]!;
      const position = indices[i]! - starts[row]!;
      return philox([position | purpose, rows[row]!, units[row]!, lasts[row]! | stream], key);
    });
  return {
    select(rows, chance) {
      const bits = new Uint32Array(countBitWords(rows));
      let firstWord = 0;
      for (let row = 0; row < rows.count; row++) {
        const length = rows.lengths[row]!;
        for (let position = 0; position < length; position++) {
          if (selection(rows, row, position) < chance * TWO_TO_32) {
            bits[firstWord + (position >>> 5)]! |= 1 << (position & 31);
          }
        }
        firstWord += (length + 31) >>> 5;
      }
      return bits;
    },

    rank: (rows, row) =>
      Array.from({ length: rows.lengths[row]! }, (_, position) => selection(rows, row, position)),

    runs(positions, rows) {
      const words = blocks(positions, rows, RUN_PURPOSE, 0);
      return {
        lengths: words.map(([word]) => word),
        underWay: words.map(([, word]) => word),
        left: words.map(([, , word]) => word),
      };
    },

    replace(positions, rows, range) {
      const words = blocks(positions, rows, 0, 1);
      return {
        kinds: words.map(([kind]) => kind),
        choices: words.map(([, high, low]) =>
          Number((((BigInt(high) << 32n) | BigInt(low)) * BigInt(range)) >> 64n),
        ),
      };
    },
  };
}
