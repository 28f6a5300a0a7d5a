import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Content } from '../formats/format.js';
import type { ByteSource } from './bytes.js';
import { passedBytes, streamBytes } from './bytes.js';
import { LongRecordError, type TextRange, textCuts, textRanges } from './ranges.js';
import type { DocumentKind } from './unit.js';

const sizes = { unit: 40, window: 24, overlap: 8, longestWord: 1e9, longestRecord: 1e9 };
const text = fc
  .array(fc.constantFrom('a', 'bc', 'defgh', ' ', '\n', '\n\n', '\r\n', '\t', ' \n \n', 'x'.repeat(30)), {
    maxLength: 90,
    size: 'max',
  })
  .map((pieces) => pieces.join(''));
const document = fc.constantFrom<DocumentKind>('blank-line', 'line', 'file');

/** A file in memory. */
function memory(bytes: Uint8Array): ByteSource {
  return {
    read: async (from, to) => bytes.subarray(from, to),
    end: async (to) => Math.min(to, bytes.length),
    take: () => undefined,
    close: () => {},
  };
}

async function ranges(source: ByteSource, cut: Content['cut'], kind: DocumentKind): Promise<TextRange[]> {
  const all: TextRange[] = [];
  for await (const range of textRanges(source, { cut }, kind, sizes)) all.push(range);
  return all;
}

async function* chunks(bytes: Uint8Array, size: number) {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

test('ranges join to the text, are cut between words, and know where their document started', async () => {
  await fc.assert(
    fc.asyncProperty(text, document, async (content, kind) => {
      const all = await ranges(memory(Buffer.from(content)), 'between words', kind);
      expect(all.map(({ start, end }) => content.slice(start, end)).join('')).toBe(content);
      for (const { start, end, documentStart, isLast } of all) {
        expect(isLast).toBe(end === content.length);
        if (!isLast) expect(content.slice(end - 1, end + 1)).toMatch(/^\s\S$/);
        expect(documentStart).toBe(startOfDocument(content, start, kind));
      }
    }),
  );
});

/** Where the document that holds the word at `index` starts, by looking at all the text before. */
function startOfDocument(content: string, index: number, kind: DocumentKind): number {
  const between = { 'blank-line': /\s*\n[ \t\r]*\n\s*/g, line: /\s*\n\s*/g, file: /$^/g }[kind];
  const starts = [...content.matchAll(between)].map((match) => match.index + match[0].length);
  // Whitespace before the first word of a file ends no document.
  const first = content.search(/\S/);
  return starts.filter((start) => start <= index && start > first).at(-1) ?? 0;
}

test('a stream is cut as the file of the same bytes is, whatever the size of its chunks', async () => {
  await fc.assert(
    fc.asyncProperty(text, document, fc.integer({ min: 1, max: 90 }), async (content, kind, size) => {
      const bytes = Buffer.from(content);
      const expected = await ranges(memory(bytes), 'between words', kind);
      const found = await ranges(streamBytes(chunks(bytes, size)), 'between words', kind);
      expect(found.map(({ data, ...range }) => ({ ...range, data: undefined }))).toEqual(expected);
      expect(Buffer.concat(found.map(({ data }) => data!)).toString()).toBe(content);
    }),
  );
});

test('bytes that only pass by are cut at the same places, with long words and records too', async () => {
  const cuts = fc.constantFrom<Content['cut']>('between words', 'between lines');
  const limits = fc.record({ longestWord: fc.integer({ min: 25, max: 90 }), longestRecord: fc.nat(200) });
  const size = fc.integer({ min: 1, max: 90 });
  await fc.assert(
    fc.asyncProperty(text, document, cuts, limits, size, async (content, kind, cut, longest, size) => {
      const found: object[][] = [[], []];
      for (const [i, ranges] of [textRanges, textCuts].entries()) {
        const source = (i === 0 ? streamBytes : passedBytes)(chunks(Buffer.from(content), size));
        try {
          for await (const { start, end, isLast } of ranges(source, { cut }, kind, { ...sizes, ...longest }))
            found[i]!.push({ start, end, isLast });
        } catch (error) {
          expect(error).toBeInstanceOf(LongRecordError);
          found[i]!.push({ refused: (error as LongRecordError).offset });
        }
      }
      expect(found[1]).toEqual(found[0]);
    }),
  );
});

test('where there is no whitespace for too long, text is cut between characters, and a record is refused', async () => {
  const short = { ...sizes, longestWord: 50, longestRecord: 50 };
  const long = fc
    .array(fc.constantFrom('\u{1f600}', '\u6771', '\u00fc', 'a', ' '.repeat(40)), {
      minLength: 60,
      maxLength: 400,
      size: 'max',
    })
    .map((pieces) => pieces.join(''));
  await fc.assert(
    fc.asyncProperty(long, fc.integer({ min: 1, max: 90 }), async (content, size) => {
      const bytes = Buffer.from(content);
      const found: string[] = [];
      for await (const { data, documentStart, start } of textRanges(
        streamBytes(chunks(bytes, size)),
        { cut: 'between words' },
        'blank-line',
        short,
      )) {
        found.push(Buffer.from(data!).toString());
        expect(documentStart).toBeLessThanOrEqual(start);
      }
      expect(found.join('')).toBe(content);
      for (const text of found) {
        expect(text).not.toContain('\ufffd');
        expect(text.length).toBeLessThan(short.unit + short.longestWord + 2 * short.window);
      }
    }),
  );
  const record = streamBytes(chunks(Buffer.from(`{"text":"${'a'.repeat(300)}"}`), 9));
  const refused = async () => {
    for await (const _ of textRanges(record, { cut: 'between lines' }, 'line', short));
  };
  await expect(refused()).rejects.toThrow(LongRecordError);
});

test('records are never cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ maxLength: 60 }).map((s) => JSON.stringify({ text: s })),
        { maxLength: 40, size: 'max' },
      ),
      async (lines) => {
        const content = lines.map((line) => `${line}\n`).join('');
        const bytes = Buffer.from(content);
        const all = await ranges(memory(bytes), 'between lines', 'line');
        expect(
          all.flatMap(({ start, end }) => bytes.subarray(start, end).toString().trimEnd().split('\n')),
        ).toEqual(lines);
      },
    ),
  );
});
