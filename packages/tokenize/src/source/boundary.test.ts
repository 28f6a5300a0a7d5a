import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findCut } from './boundary.js';
import type { DocumentKind } from './unit.js';

const text = fc
  .array(fc.constantFrom('a', 'bc', ' ', '\t', '\r', '\n', ' \n', '\n\n', ' \n \n ', '\u{a0}'), {
    maxLength: 40,
    size: 'max',
  })
  .map((pieces) => pieces.join(''));
const lineFeedsBetween: [DocumentKind, number][] = [
  ['line', 1],
  ['blank-line', 2],
  ['file', Number.POSITIVE_INFINITY],
];

test('a cut follows the first run of whitespace between words that ends a document, else the first of all', () => {
  fc.assert(
    fc.property(text, fc.constantFrom(...lineFeedsBetween), (content, [document, needed]) => {
      const bytes = Buffer.from(content);
      const runs = [...bytes.toString('latin1').matchAll(/(?<=[^ \t\r\n])[ \t\r\n]+(?=[^ \t\r\n])/g)].map(
        ({ 0: run, index }) => ({
          index: index + run.length,
          endsDocument: run.split('\n').length > needed,
        }),
      );
      expect(findCut(bytes, document)).toEqual(runs.find(({ endsDocument }) => endsDocument) ?? runs[0]);
    }),
  );
});
