import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InputError } from '../errors.js';
import { readAt } from './read.js';

let folder: string;
let file: FileHandle;
const content = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-read-'));
  await writeFile(join(folder, 'file'), content);
  file = await open(join(folder, 'file'));
});
afterAll(async () => {
  await file.close();
  await rm(folder, { recursive: true });
});

/** The file on a disk that gives at most so many bytes at a time, as a network file system may. */
const slow = (most: number) =>
  ({
    read: (bytes: Uint8Array, at: number, length: number, position: number) =>
      file.read(bytes, at, Math.min(length, most), position),
  }) as FileHandle;

test('reads everything, however few bytes each call returns', async () => {
  const arbitrary = fc.record({
    most: fc.integer({ min: 1, max: 400 }),
    position: fc.nat({ max: 1100 }),
    length: fc.nat({ max: 600 }),
  });
  await fc.assert(
    fc.asyncProperty(arbitrary, async ({ most, position, length }) => {
      const bytes = Buffer.alloc(length);
      const there = content.subarray(position, position + length);
      expect(await readAt(slow(most), 'file', bytes, position)).toBe(there.length);
      expect(bytes.subarray(0, there.length).equals(there)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('a failing disk is reported in one line that names the file', async () => {
  const broken = {
    read: async () => {
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    },
  } as unknown as FileHandle;
  const error: unknown = await readAt(broken, 'rows.arrow', Buffer.alloc(8), 0).catch((error) => error);
  expect(error).toBeInstanceOf(InputError);
  expect((error as InputError).message).toMatch(/^rows\.arrow: cannot be read \(EIO.*\); run again$/);
});
