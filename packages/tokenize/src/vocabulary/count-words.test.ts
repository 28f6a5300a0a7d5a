import fc from 'fast-check';
import { expect, it } from 'vitest';
import { normalize } from '../normalizer/bert.js';
import { splitWords } from '../pre-tokenizer/bert.js';
import { WordCounter } from './count-words.js';

function countsOf({ table }: WordCounter): Map<string, number> {
  return new Map(
    Array.from({ length: table.size }, (_, word) => [
      Buffer.from(table.bytes(word)).toString(),
      table.count(word),
    ]),
  );
}

/** The same, character by character, with the normalizer and pre-tokenizer of the reference encoder. */
function expectedCounts(texts: readonly string[], lowercase: boolean): Map<string, number> {
  const options = { cleanText: true, handleChineseChars: true, stripAccents: lowercase, lowercase };
  const counts = new Map<string, number>();
  for (const text of texts) {
    const codePoints = Array.from(text, (character) => character.codePointAt(0)!);
    for (const word of splitWords(normalize(codePoints, options))) {
      if (word.length > 100) continue;
      const key = String.fromCodePoint(...word);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return counts;
}

const character = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...'abAB01 \n\t.,-[]') },
  { weight: 2, arbitrary: fc.constantFrom(...'éÉßΣ中文\u0301\u0323\u00a0“”\u200b\u0001\u007f\ufffd가😀') },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }) },
);
const texts = fc.array(fc.string({ unit: character, maxLength: 60 }), { maxLength: 4 });

it('counts the words that normalizer and pre-tokenizer make', () => {
  fc.assert(
    fc.property(texts, fc.boolean(), (texts, lowercase) => {
      const counter = new WordCounter(lowercase, 1000);
      for (const text of texts) counter.add(Buffer.from(text));
      expect(countsOf(counter)).toEqual(expectedCounts(texts, lowercase));
    }),
    { numRuns: 500 },
  );
});

it('leaves out words of more than 100 characters', () => {
  const counter = new WordCounter(true, 1000);
  counter.add(Buffer.from(`${'a'.repeat(100)} ${'b'.repeat(101)} ${'é'.repeat(100)} ${'è'.repeat(101)}`));
  expect([...countsOf(counter).keys()]).toEqual(['a'.repeat(100), 'e'.repeat(100)]);
});

it('keeps the most frequent words when there are more than it may hold', () => {
  const counter = new WordCounter(true, 100);
  for (let text = 0; text < 300; text++) {
    counter.add(Buffer.from(`common words come again, rare ones like rare${text} and seldom${text} do not`));
    expect(counter.table.size).toBeLessThanOrEqual(100);
  }
  expect(countsOf(counter).get('common')).toBe(300);
  expect(countsOf(counter).get('do')).toBe(300);
});

it('counts more words than its table has room for at the start', () => {
  const counter = new WordCounter(true, 1e6);
  const words = Array.from({ length: 200_000 }, (_, i) => `word${i}`);
  counter.add(Buffer.from(words.join(' ')));
  counter.add(Buffer.from(words.slice(0, 50_000).join('\n')));
  const counts = countsOf(counter);
  expect(counts.size).toBe(200_000);
  expect([counts.get('word49999'), counts.get('word50000')]).toEqual([2, 1]);
});
