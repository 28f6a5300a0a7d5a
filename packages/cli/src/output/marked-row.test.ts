import { expect, test } from 'vitest';
import { markedRow } from './marked-row.js';
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
