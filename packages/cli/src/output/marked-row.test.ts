import { loadTokenizer } from '@mlm/tokenize';
import { expect, test } from 'vitest';
import { markedRow, shownTokens } from './marked-row.js';
import { styleFor } from './style.js';

const vocabulary = ['[CLS]', '[SEP]', '[MASK]', 'the', 'quick', 'un', '##believ', '##able', 'fox'];
const plain = styleFor({}, {});
const show = (input_ids: number[], labels: number[]) =>
  markedRow({ input_ids, labels }, (id) => vocabulary[id] ?? '?', plain);

test('the pieces of a word are joined, masked tokens show what they were', () => {
  expect(show([0, 3, 2, 5, 2, 7, 8, 1], [-100, -100, 4, -100, 6, -100, -100, -100])).toBe(
    '[CLS] the [MASK:quick] un[MASK:##believ]able fox [SEP]',
  );
});

test('a random token and a kept one are told apart', () => {
  expect(show([0, 8, 4, 1], [-100, 3, 4, -100])).toBe('[CLS] [fox→the] [quick] [SEP]');
});

test('with labels at all tokens the replaced ones are marked', () => {
  expect(show([0, 2, 4, 1], [0, 3, 4, 1])).toBe('[CLS] [MASK:the] quick [SEP]');
});

test('a row of byte-level tokens is shown as text, with its masked tokens and special ones apart', async () => {
  const tokenizer = await loadTokenizer(
    new URL('../../../tokenize/fixtures/pipeline/roberta.json', import.meta.url).pathname,
  );
  const { cls, sep, mask, pad } = tokenizer.specialIds;
  const ids = tokenizer
    .encoder()
    .encode(new TextEncoder().encode('привет the мир'), { document: 'none' }).ids;
  const input_ids = [cls, ...ids, sep, pad, pad];
  const place = input_ids.findIndex((id) => tokenizer.idToToken(id) === 'Ġthe');
  const labels = input_ids.map((id, i) => (i === place ? id : -100));
  input_ids[place] = mask;
  const shown = shownTokens({ input_ids, labels }, tokenizer.idToToken, tokenizer);
  expect(shown).toEqual([
    { text: '<s>', joins: false, isSpecial: true },
    { text: 'привет', joins: true },
    { text: 'the', joins: false, isSpecial: false, masked: { kind: 'mask', shown: '<mask>' } },
    { text: 'мир', joins: false },
    { text: '</s>', joins: false, isSpecial: true },
  ]);
});
