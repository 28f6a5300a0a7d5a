import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { arrowFile, openDataset } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { letters, rowsIn, wideText } from '../../test/corpus.js';
import { type TokenizeOptions, tokenize } from '../stream/tokenize.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { textFiles } from './text-files.js';
import { texts } from './texts.js';
import type { Unit } from './unit.js';

let folder: string;
let tokenizer: Tokenizer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-texts-'));
  tokenizer = await letters();
});
afterAll(() => rm(folder, { recursive: true }));

let outputs = 0;

/** The rows to train on and the validation rows that a source of text gives. */
async function rowsOf(source: Readable, options: Partial<TokenizeOptions> = {}) {
  const path = join(folder, `${outputs++}.arrow`);
  const sink = arrowFile(path);
  try {
    await pipeline(source, tokenize({ tokenizer, sequenceLength: 16, workers: 0, ...options }), sink);
  } catch (error) {
    // The sink may still be cleaning up.
    if (!sink.closed) await once(sink, 'close');
    throw error;
  }
  const dataset = await openDataset(path);
  try {
    const { validation } = dataset;
    return { train: await rowsIn(dataset), validation: validation ? await rowsIn(validation) : [] };
  } finally {
    await dataset.close();
  }
}

/** Some hundred documents of kilobytes each, several units in all. */
const documents = wideText(400, 5)
  .split(/\n\n+/)
  .filter((text) => text.trim() !== '');

test('texts give the rows of a file with a blank line between them', async () => {
  const file = join(folder, 'in.txt');
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.stringMatching(/^[abc][abc \n]{0,40}$/).map((text) => text.replaceAll(/\n\s*\n/g, '\n')),
        {
          minLength: 1,
          maxLength: 9,
        },
      ),
      async (own) => {
        await writeFile(file, own.map((text) => text.trim()).join('\n\n'));
        expect(await rowsOf(texts(own))).toEqual(await rowsOf(textFiles([file])));
      },
    ),
    { numRuns: 15 },
  );
});

test('strings, bytes and an async iterable of several units give the same, with any number of workers', async () => {
  const bytes = documents.map((text) => Buffer.from(text));
  const later = async function* () {
    yield* documents;
  };
  const options = { evalFraction: 0.3 };
  const expected = await rowsOf(texts(documents), options);
  expect(expected.train.length).toBeGreaterThan(0);
  expect(expected.validation.length).toBeGreaterThan(0);
  expect(await rowsOf(texts(bytes), options)).toEqual(expected);
  expect(await rowsOf(texts(later()), { ...options, workers: 2 })).toEqual(expected);
  expect((await rowsOf(texts(documents), { ...options, seed: 7 })).validation).not.toEqual(
    expected.validation,
  );
});

test('each text is a document, goes to validation or not by itself', async () => {
  const path = join(folder, 'counted.arrow');
  const sink = arrowFile(path);
  const blank = ['', ' \n '];
  await pipeline(
    texts(['a\n\nb', ...blank, 'c', 'a b c']),
    tokenize({ tokenizer, evalFraction: 0.5, workers: 0 }),
    sink,
  );
  expect(sink.counts.documents).toBe(3);
});

test('line by line, each text is a row', async () => {
  const { train } = await rowsOf(texts(['a b', 'c\nc', 'a']), { lineByLine: true });
  expect(train.map((row) => row.length - 2)).toEqual([2, 2, 1]);
});

test('texts are asked for only as they are read, and no more after the reader has gone', async () => {
  let asked = 0;
  let isClosed = false;
  const endless = function* () {
    try {
      for (;;) {
        asked++;
        yield 'abc '.repeat(1 << 14);
      }
    } finally {
      isClosed = true;
    }
  };
  const source = texts(endless());
  const seen: Unit[] = [];
  for await (const unit of source) {
    seen.push(unit as Unit);
    if (seen.length === 3) break;
  }
  expect(seen.map(({ number }) => number)).toEqual([0, 1, 2]);
  expect(asked * (1 << 16)).toBeLessThan(8 * (4 << 20));
  await expect.poll(() => isClosed).toBe(true);
});

test('what is no text is refused in one line', async () => {
  expect(() => texts('one text')).toThrow('texts: expected an iterable of texts');
  expect(() => texts(Buffer.from('one text') as unknown as string[])).toThrow(InputError);
  await expect(rowsOf(texts(['a', 7 as unknown as string], { name: 'mine' }))).rejects.toThrow(
    'mine: element 1 is number, expected a string or UTF-8 bytes',
  );
  await expect(rowsOf(texts([]))).rejects.toThrow('texts: no text: the input is empty');
});

test.each(['text', Buffer.from('text'), 7, { parts: 1 }])(
  'tokenize refuses %o as its stream’s error',
  async (chunk) => {
    const run = rowsOf(Readable.from([chunk], { objectMode: true }));
    await expect(run).rejects.toThrow(InputError);
  },
);
