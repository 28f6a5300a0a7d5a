import fc from 'fast-check';
import { expect, it } from 'vitest';
import { learnPieces } from './learn-pieces.js';
import type { SymbolWords } from './symbol-words.js';

interface CountedWord {
  pieces: string[];
  count: number;
}

/** Byte-pair merges in the plainest form: all pairs are counted anew for every merge. */
function learnPlainly(
  alphabet: readonly string[],
  words: readonly CountedWord[],
  size: number,
  minFrequency: number,
) {
  const pieces = [...alphabet];
  let current = words;
  while (pieces.length < size) {
    const counts = new Map<string, { left: number; right: number; count: number }>();
    for (const word of current) {
      for (let i = 1; i < word.pieces.length; i++) {
        const [left, right] = [pieces.indexOf(word.pieces[i - 1]!), pieces.indexOf(word.pieces[i]!)];
        const pair = counts.get(`${left} ${right}`) ?? { left, right, count: 0 };
        counts.set(`${left} ${right}`, { ...pair, count: pair.count + word.count });
      }
    }
    const [best] = [...counts.values()].sort(
      (a, b) => b.count - a.count || a.left - b.left || a.right - b.right,
    );
    if (!best || best.count < minFrequency) break;
    const [left, right] = [pieces[best.left]!, pieces[best.right]!];
    const merged = left + right.slice(2);
    if (!pieces.includes(merged)) pieces.push(merged);
    current = current.map((word) => ({ ...word, pieces: merge(word.pieces, left, right, merged) }));
  }
  return pieces;
}

function merge(pieces: readonly string[], left: string, right: string, merged: string): string[] {
  const result: string[] = [];
  for (let i = 0; i < pieces.length; i++) {
    if (pieces[i] === left && pieces[i + 1] === right) {
      result.push(merged);
      i++;
    } else result.push(pieces[i]!);
  }
  return result;
}

function symbolWords(words: readonly CountedWord[], alphabet: readonly string[]): SymbolWords {
  const lengths = Int32Array.from(words, ({ pieces }) => pieces.length);
  const starts = lengths.map((_, word) => lengths.subarray(0, word).reduce((sum, length) => sum + length, 0));
  const symbols = Int32Array.from(
    words.flatMap(({ pieces }) => pieces.map((piece) => alphabet.indexOf(piece))),
  );
  return { symbols, starts, lengths, counts: Float64Array.from(words, ({ count }) => count) };
}

it('merges the pairs that counting everything anew would merge, in the same order', async () => {
  const letters = ['a', 'b'];
  const alphabet = [...letters, ...letters.map((letter) => `##${letter}`)];
  const word = fc.record({
    pieces: fc
      .array(fc.constantFrom(...letters), { minLength: 1, maxLength: 16 })
      .map((characters) => characters.map((character, i) => (i === 0 ? character : `##${character}`))),
    count: fc.integer({ min: 1, max: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(word, { maxLength: 12 }),
      fc.integer({ min: 4, max: 80 }),
      fc.integer({ min: 1, max: 3 }),
      async (words, size, minFrequency) => {
        const pieces = [...alphabet];
        await learnPieces(pieces, symbolWords(words, alphabet), { size, minFrequency });
        expect(pieces).toEqual(learnPlainly(alphabet, words, size, minFrequency));
      },
    ),
    { numRuns: 500 },
  );
});
