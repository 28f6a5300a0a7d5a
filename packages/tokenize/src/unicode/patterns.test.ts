import fc from 'fast-check';
import { expect, it } from 'vitest';
import { normalize } from '../normalizer/bert.js';
import { toNormalForm } from './patterns.js';

/** Marks of several combining classes, 0 among them, and marks that decompose, some into marks of two classes. */
const marks = [
  '\u0301',
  '\u0316',
  '\u0334',
  '\u0345',
  '\u0344',
  '\u0f73',
  '\u0f81',
  '\u034f',
  '\u3099',
  '\u093c',
  '\u20dd',
];
const forms = ['NFC', 'NFD', 'NFKC', 'NFKD'] as const;

it('long runs of marks have the normal forms that JavaScript gives them', () => {
  const run = fc
    .array(fc.constantFrom(...marks), { minLength: 1, maxLength: 40 })
    .chain((some) => fc.constantFrom(1, 8).map((times) => some.join('').repeat(times)));
  const text = fc.array(fc.tuple(fc.constantFrom('a', 'ệ', '한', 'ﬁ', 'か', ' ', ''), run), { maxLength: 4 });
  fc.assert(
    fc.property(text, fc.constantFrom(...forms), (parts, form) => {
      const text = parts.flat().join('');
      expect(toNormalForm(text, form)).toBe(text.normalize(form));
    }),
    { numRuns: 500 },
  );
});

it('a line that is one run of marks is normalized in no more time than its length asks for', () => {
  const count = 100_000;
  const text = `a${'\u0301\u0316'.repeat(count)}`;
  const [below, above] = ['\u0316'.repeat(count), '\u0301'.repeat(count - 1)];
  for (const form of forms) {
    const composed = form === 'NFC' || form === 'NFKC';
    expect(
      toNormalForm(text, form) === `${composed ? 'á' : 'a'}${below}${composed ? '' : '\u0301'}${above}`,
    ).toBe(true);
  }
  const options = { cleanText: true, handleChineseChars: true, stripAccents: true, lowercase: true };
  expect(
    normalize(
      [...text].map((c) => c.codePointAt(0)!),
      options,
    ),
  ).toEqual([0x61]);
});
