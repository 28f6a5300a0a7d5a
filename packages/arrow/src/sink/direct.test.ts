import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DirectWriter, LEAST_DIRECT_BYTES, openDirect } from './direct.js';

const folder = mkdtempSync(join(tmpdir(), 'mlm-direct-'));
const path = join(folder, 'file');
let descriptor: number;
beforeAll(() => {
  descriptor = openSync(path, 'w+');
});
afterAll(() => {
  closeSync(descriptor);
  rmSync(folder, { recursive: true });
});

/** Bytes that differ from their neighbours and from those of other messages. */
function bytesOf(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 17 + seed) & 255;
  return bytes;
}

/** Lengths around those where blocks, pieces and the least message end. */
const length = fc
  .tuple(fc.constantFrom(0, 1, 4096, 1 << 20, LEAST_DIRECT_BYTES, 3 << 20), fc.integer({ min: -9, max: 9 }))
  .map(([about, more]) => Math.max(0, about + more));

/** What stands in the file once messages have been written one after another, the last of them first. */
async function written(
  messages: readonly Uint8Array[][],
  writer: DirectWriter,
  direct: number | undefined,
): Promise<Buffer> {
  truncateSync(path, 7);
  const positions: number[] = [];
  let end = 7;
  for (const buffers of messages) {
    positions.push(end);
    end += buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  }
  const writes = [...messages.entries()].reverse().map(([i, buffers]) =>
    // Memory that may be reused is overwritten at once.
    writer.write(buffers, { descriptor, position: positions[i]!, direct }, () => {
      for (const buffer of buffers) buffer.fill(255);
    }),
  );
  await Promise.all(writes);
  return readFileSync(path);
}

/** Descriptors to write to, beside the one that goes through the page cache. */
const seconds: Record<string, () => Promise<{ fd: number; close(): Promise<void> } | undefined>> = {
  'direct I/O, where the file system has it': () => openDirect(path),
  // The writer's own part does not depend on what the file system has.
  'a second descriptor': async () => opened(path, 'r+'),
  // This one answers all but a digit with EINVAL, as some file systems answer direct I/O.
  'direct I/O that is refused': async () => opened('/proc/self/clear_refs', 'w'),
  'no direct I/O': async () => undefined,
};

function opened(file: string, flags: string) {
  const fd = openSync(file, flags);
  return { fd, close: async () => closeSync(fd) };
}

for (const [name, open] of Object.entries(seconds))
  test(`messages are in the file byte for byte, whatever their lengths and places, with ${name}`, async () => {
    const second = await open();
    try {
      const check = async (lengths: number[][]) => {
        const messages = lengths.map((buffers, i) => buffers.map((bytes, j) => bytesOf(bytes, 16 * i + j)));
        const expected = Buffer.concat([new Uint8Array(7), ...messages.flat()]);
        const found = await written(messages, new DirectWriter(), second?.fd);
        expect(found.equals(expected)).toBe(true);
      };
      const lengths = fc.array(fc.array(length, { maxLength: 3 }), { minLength: 1, maxLength: 3 });
      await fc.assert(fc.asyncProperty(lengths, check), { numRuns: 30 });
      // More than is handed to the disk at once, and twice that.
      await check([[10 << 20, 9000], [(20 << 20) + 1], [7, 4096, 3 << 20]]);
    } finally {
      await second?.close();
    }
  });

test('any other error of the system is thrown', async () => {
  const readOnly = opened(path, 'r');
  const writer = new DirectWriter();
  await expect(written([[bytesOf(3 << 20, 1)]], writer, readOnly.fd)).rejects.toThrow(/EBADF/);
  // Those that follow are written all the same: what became of them is asked for one by one.
  expect(await written([[bytesOf(9, 1)]], writer, readOnly.fd)).toHaveLength(16);
  await readOnly.close();
});

test('a file system without direct I/O has no second descriptor', async () => {
  expect(await openDirect('/proc/self/clear_refs')).toBeUndefined();
  expect(await openDirect(join(folder, 'missing'))).toBeUndefined();
});
