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
  expect(html).toContain('<title>Masked rows of out &amp; in.arrow</title>');
  expect(html).not.toMatch(/<b>|<i>/);
});

test('says how each token is masked in words, not by colour alone, and joins pieces of a word', () => {
  const list = maskedRowsPage(rows).split('<ol class="rows" start="0">')[1]!.split('</ol>')[0]!;
  const text = list
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  expect(text).toBe(
    '[CLS] unM (replaced by [MASK])likeR (replaced by a random token) &lt;b&gt;K (left as it is) nothing',
  );
  expect(list).toContain('data-kinds="mask random kept"');
  expect(list).toContain('title="like: replaced by a random token, &lt;i&gt;&quot;"');
});
