import { expect, test } from 'vitest';
import { type MasksPage, maskedRowsPage } from './masks.js';

const rows: MasksPage = {
  name: 'out & in.arrow',
  facts: { masking: 'probability 0.15' },
  rowCount: 9,
  rows: [
    [
      { text: '[CLS]', joins: false, isSpecial: true },
      { text: 'un', joins: false, masked: { kind: 'mask', shown: '[MASK]' } },
      { text: 'like', joins: true, masked: { kind: 'random', shown: '<i>"' } },
      { text: '<b>', joins: false, masked: { kind: 'kept', shown: '<b>' } },
    ],
    [{ text: 'nothing', joins: false }],
  ],
};

test('a page of masks needs no network and takes tokens for text', () => {
  const html = maskedRowsPage(rows);
  expect(html).not.toMatch(/(src|href)="(?!data:)/);
  expect(html).not.toMatch(/url\(|@import|fetch\(/);
  expect(html.match(/<script/g)?.length).toBe(html.match(/<\/script>/g)?.length);
  expect(html).toContain('<title>Masks of out &amp; in.arrow</title>');
  expect(html).not.toMatch(/<b>|<i>/);
});

test('says how each token is masked in words, not by colour alone, and joins pieces of a word', () => {
  const list = maskedRowsPage(rows).split('<ol class="rows" start="0">')[1]!.split('</ol>')[0]!;
  const text = list
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  expect(text).toBe(
    '[CLS] unM ([MASK] in its place)likeR (another token in its place) &lt;b&gt;K (kept, and to be predicted) nothing',
  );
  expect(list).toContain('data-kinds="mask random kept"');
  expect(list).toContain('title="like: another token in its place, &lt;i&gt;&quot;"');
});
