import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadTokenizer } from './load.js';
import { readTokens } from './read-tokens.js';

const fixture = (name: string) => new URL(`../../fixtures/${name}.json`, import.meta.url).pathname;
const tokenizers = {
  WordPiece: undefined,
  'byte-level BPE': fixture('pipeline/roberta'),
  Unigram: fixture('pipeline/xlm-roberta'),
};
const idsOf = (tokenizer: Awaited<ReturnType<typeof loadTokenizer>>, text: string) =>
  Array.from(tokenizer.encoder().encode(new TextEncoder().encode(text), { document: 'none' }).ids);
const withoutSpaces = (text: string) => text.replaceAll(/\s/g, '');

describe.each(Object.entries(tokenizers))('%s', (_, path) => {
  test('whole words of a row, cut anywhere between tokens, read as the row does', async () => {
    const tokenizer = await loadTokenizer(path);
    const ids = idsOf(tokenizer, 'unbelievable things and the strangest words of them');
    expect(ids.length).toBeGreaterThan(8);
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: ids.length - 1 })), (cuts) => {
        const ends = [...cuts.sort((a, b) => a - b), ids.length];
        const runs = ends.map((end, i) => readTokens(tokenizer, ids.slice(ends[i - 1] ?? 0, end)));
        const text = runs.map((run, i) => (i === 0 || run.joins ? run.text : ` ${run.text}`)).join('');
        // A token of white space alone is seen.
        expect(text.replaceAll('␣', '').replaceAll(/ +/g, ' ')).toBe(tokenizer.decode(ids).trim());
      }),
    );
  });

  test('special tokens join nothing, and no mark of the vocabulary is left in words', async () => {
    const tokenizer = await loadTokenizer(path);
    const { cls, mask } = tokenizer.specialIds;
    for (const id of [cls, mask]) expect(readTokens(tokenizer, [id]).joins).toBe(false);
    for (const id of idsOf(tokenizer, 'unbelievable things'))
      expect(readTokens(tokenizer, [id]).text).toMatch(/^([a-z]+|␣)$/);
  });
});

test('bytes of one character read as the character side by side, and as U+FFFD apart', async () => {
  const tokenizer = await loadTokenizer(tokenizers['byte-level BPE']);
  const ids = idsOf(tokenizer, 'привет, мир');
  expect(withoutSpaces(readTokens(tokenizer, ids).text)).toBe('привет,мир');
  expect(ids.some((id) => readTokens(tokenizer, [id]).text === '\uFFFD')).toBe(true);
});
