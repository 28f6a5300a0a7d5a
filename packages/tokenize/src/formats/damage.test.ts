import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '@mlm/base/errors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { textFiles } from '../source/text-files.js';
import type { Unit } from '../source/unit.js';
import { unitTexts } from '../vocabulary/unit-texts.js';
import { decoded } from './damage.js';
import type { FileSection, Format, InputReader } from './format.js';
import { lines } from './lines.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-damage-'));
});
afterAll(() => rm(folder, { recursive: true }));

const bytes = new Uint8Array([97, 10]);
const file = { path: 'in.x', size: 2, modified: 0, format: 'parquet', compression: 'none' } as const;
const input = { file } as InputReader;

/** A format that works up to the place where it throws. */
function failing(place: 'open' | 'divide' | 'chunks' | 'read', error: unknown): Format {
  const failAt = (here: string) => {
    if (here === place) throw error;
  };
  const chunks = async function* (here: string) {
    yield bytes;
    failAt(here);
  };
  return decoded('X', {
    name: 'parquet',
    extensions: ['x'],
    content: lines,
    open: () => chunks('open'),
    rows: {
      async *divide(): AsyncGenerator<FileSection> {
        yield { from: 0, to: 1, parts: [{ rows: 1, bytes: 2, plan: {} }] };
        failAt('divide');
        yield { from: 1, chunks: chunks('chunks'), isLast: () => true };
      },
      reader: () => ({
        async read() {
          failAt('read');
          return bytes;
        },
        close() {},
      }),
    },
  });
}

/** Reads everything that a format gives, in every way. */
async function readAll({ open, rows }: Format): Promise<number> {
  let read = 0;
  for await (const chunk of open!(input, 'text')) read += chunk.length;
  const reader = rows!.reader();
  for await (const section of rows!.divide({ ...input, file }, 'text')) {
    if ('chunks' in section) for await (const chunk of section.chunks) read += chunk.length;
    else
      for (const { plan } of section.parts)
        read += (await reader.read({ file, readInto: async () => {} }, plan)).length;
  }
  return read;
}

const places = ['open', 'divide', 'chunks', 'read'] as const;

test.each(places)('whatever a decoder throws in %s names the file in one line', async (place) => {
  const stumbles = [
    new TypeError('x of undefined'),
    new RangeError('offset'),
    Object.assign(new Error('unreachable'), { name: 'RuntimeError' }),
    'text',
  ];
  for (const error of stumbles)
    await expect(readAll(failing(place, error))).rejects.toThrow(
      new InputError('in.x: not a whole X file (it is cut off or damaged); restore it or leave it out'),
    );
  await expect(readAll(failing(place, new Error('no\nmagic')))).rejects.toThrow(
    new InputError('in.x: not a whole X file (no\nmagic); restore it or leave it out'),
  );
});

test.each(places)('what is no fault of the bytes passes through %s as it is', async (place) => {
  const system = Object.assign(new Error('EMFILE: too many open files'), { syscall: 'open' });
  const aborted = new DOMException('stopped', 'AbortError');
  for (const error of [new InputError('in.x: told already'), system, aborted])
    await expect(readAll(failing(place, error))).rejects.toBe(error);
});

test('a program that fails on what it has read keeps its own error', async () => {
  const format = decoded('X', {
    name: 'parquet',
    extensions: ['x'],
    content: lines,
    open: (_input: InputReader, _field: string) => one(),
  });
  const own = new TypeError('a fault of the program');
  const read = async () => {
    for await (const chunk of format.open!(input, 'text')) if (chunk.length > 0) throw own;
  };
  await expect(read()).rejects.toBe(own);
  async function* one() {
    yield bytes;
  }
});

test.each(['nested.parquet', 'lists.parquet', 'delta-byte-array.parquet', 'nested.arrow', 'lz4-coded.arrow'])(
  'each damaged byte of %s gives text or one line',
  async (name) => {
    const whole = await readFile(new URL(`../../fixtures/sources/columns/${name}`, import.meta.url));
    const textField = name.startsWith('nested') ? 'meta.more.body' : 'text';
    const path = join(folder, name);
    for (let at = 0; at < whole.length; at += 17) {
      const broken = Buffer.from(whole);
      broken[at]! ^= 1 << (at % 8);
      await writeFile(path, broken);
      const units = textFiles([path], { textField }) as AsyncIterable<Unit>;
      try {
        for await (const _ of unitTexts(units)) void _;
      } catch (error) {
        if (!(error instanceof InputError)) throw new Error(`${name} at ${at}`, { cause: error });
        expect(error.message).toContain(path);
      }
    }
  },
);
