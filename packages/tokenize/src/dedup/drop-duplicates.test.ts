import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { contentOf } from '../formats/index.js';
import { streamBytes } from '../source/bytes.js';
import { textRanges } from '../source/ranges.js';
import type { DocumentKind, Unit, UnitPart } from '../source/unit.js';
import { dropDuplicates } from './drop-duplicates.js';
import { HashSet } from './hash-set.js';

const words = fc.constantFrom('a', 'bc', 'a bc', 'bc\ta', 'é', 'ünd so', 'x'.repeat(30), 'x'.repeat(29));
const gap = fc.constantFrom('\n', '\n\n', '\r\n\r\n', '\r', '\r\r', ' ', '\n \t\n', '  \n\n\n ');
const text = fc
  .array(fc.tuple(words, gap), { maxLength: 60, size: 'max' })
  .map((pairs) => pairs.flat().join(''));
const kind = fc.constantFrom<DocumentKind>('blank-line', 'line', 'file');
const options = { textField: 'text', skipsBadRecords: false, lineByLine: false, memory: 1 << 20 };

/** A text as the units of a file whose content arrives as a stream, cut every few bytes. */
async function* unitsOf(content: string, file: number, document: DocumentKind, unit: number) {
  const sizes = { unit, window: 24, overlap: 8, longestWord: 1e9, longestRecord: 1e9 };
  const source = streamBytes(
    (async function* () {
      yield Buffer.from(content);
    })(),
  );
  for await (const { start, end, documentStart, data } of textRanges(
    source,
    contentOf('text'),
    document,
    sizes,
  )) {
    const part: UnitPart = {
      file,
      path: `${file}.txt`,
      format: 'text',
      document,
      start,
      end,
      documentStart,
      data: data!,
      isAsked: true,
    };
    yield { parts: [part] };
  }
}

const root = mkdtempSync(join(tmpdir(), 'mlm-duplicates-'));
afterAll(() => rmSync(root, { recursive: true }));

/** The same units of a file whose ranges are read where they are needed. */
async function* fileUnitsOf(content: string, file: number, document: DocumentKind, unit: number) {
  const path = join(root, `${file}.txt`);
  writeFileSync(path, content);
  for await (const { parts } of unitsOf(content, file, document, unit))
    yield { parts: parts.map(({ data, ...part }) => ({ ...part, path })) };
}

/** What is left of the texts, and how many documents went. */
async function dropped(
  texts: string[],
  document: DocumentKind,
  unit: number,
  lineByLine = false,
  units: (...input: Parameters<typeof unitsOf>) => AsyncIterable<Pick<Unit, 'parts'>> = unitsOf,
) {
  const all = async function* () {
    for (const [file, content] of texts.entries()) yield* units(content, file, document, unit);
  };
  const left = texts.map(() => '');
  let count = 0;
  for await (const { parts } of dropDuplicates<Pick<Unit, 'parts'>>(all(), { ...options, lineByLine }))
    for (const part of parts) {
      const bytes = Buffer.from(texts[part.file]!).subarray(part.start, part.end);
      const ranges = part.duplicates?.ranges ?? [];
      for (let i = 0; i < ranges.length; i += 2) bytes.fill(32, ranges[i], ranges[i + 1]);
      left[part.file] += bytes.toString();
      count += part.duplicates?.count ?? 0;
    }
  return { left: left.map(blankSpace), count };
}

/** Whitespace inside a document that units cut may stay. */
const blankSpace = (content: string) => content.replaceAll(/\s/g, ' ');

const plain = (content: string) => content.replaceAll(/\r(?!\n)/g, '\n');

/** The same by a set of strings. */
function reference(texts: string[], document: DocumentKind) {
  const seen = new Set<string>();
  let count = 0;
  const between = { 'blank-line': /(\n[ \t\r]*\n\s*)/, line: /(\n)/, file: /($^)/ }[document];
  const left = texts.map((content) =>
    plain(content)
      .split(between)
      .map((piece, i) => {
        const trimmed = piece.trim();
        if (i % 2 === 1 || trimmed === '' || !seen.has(trimmed)) {
          if (i % 2 === 0 && trimmed !== '') seen.add(trimmed);
          return piece;
        }
        count++;
        return piece.replace(trimmed, ' '.repeat(Buffer.byteLength(trimmed)));
      })
      .join(''),
  );
  return { left: left.map(blankSpace), count };
}

test.each([
  ['all but the first of equal documents go, wherever units are cut', undefined, 400],
  ['equal documents go from files that are read range by range, too', fileUnitsOf, 200],
])('%s', async (_, units, numRuns) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { minLength: 1, maxLength: 4 }),
      kind,
      fc.integer({ min: 1, max: 90 }),
      async (texts, document, unit) => {
        expect(await dropped(texts, document, unit, false, units)).toEqual(reference(texts, document));
      },
    ),
    { numRuns },
  );
});

test('with rows of a line each, lines are what is compared, those that units cut as well', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { minLength: 1, maxLength: 3 }),
      kind,
      fc.integer({ min: 1, max: 90 }),
      async (texts, document, unit) => {
        expect(await dropped(texts, document, unit, true)).toEqual(reference(texts, 'line'));
      },
    ),
    { numRuns: 200 },
  );
});

test('a text of hundreds of thousands of blank lines is looked at once', async () => {
  const lines = '\n'.repeat(1 << 19);
  expect(await dropped([`a${lines}a`], 'line', 1 << 30)).toEqual({
    left: [`a${' '.repeat(lines.length + 1)}`],
    count: 1,
  });
});

test('a set of hashes is a set of the strings of their bytes, within its memory', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 2 }), { maxLength: 600, size: 'max' }),
      (starts) => {
        const set = new HashSet(1 << 20, () => {
          throw new Error('full');
        });
        const known = new Set<string>();
        for (const start of starts) {
          const hash = Buffer.alloc(32);
          hash.set(start);
          const name = hash.toString('hex');
          expect(set.add(hash)).toBe(!known.has(name));
          known.add(name);
        }
        expect(set.size).toBe(known.size);
      },
    ),
  );
  const memory = 100_000;
  const full = new HashSet(memory, () => {
    throw new Error('full');
  });
  const fill = () => {
    for (let i = 0; ; i++) {
      const hash = Buffer.alloc(16);
      hash.writeUInt32BE(Math.imul(i, 0x9e3779b1) >>> 0);
      hash.writeUInt32BE(Math.imul(i, 0x85ebca6b) >>> 0, 4);
      full.add(hash);
    }
  };
  expect(fill).toThrow('full');
  expect(full.bytes).toBeLessThanOrEqual(memory);
  expect(full.size).toBeGreaterThan(memory / 64);
});

test('a document that must be held for longer than the memory allows ends the run in one line', async () => {
  const units = unitsOf('a b '.repeat(500), 0, 'blank-line', 50);
  const read = async () => {
    for await (const _ of dropDuplicates<Pick<Unit, 'parts'>>(units, { ...options, memory: 500 }));
  };
  await expect(read()).rejects.toThrow(/^0\.txt: a document is longer than dedupMemory: 500 allows/);
});
