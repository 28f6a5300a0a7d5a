import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decompressed } from './compression.js';
import { frame } from './zstd.fixture.js';

const real = await readFile(new URL('../../fixtures/sources/text.txt.zst', import.meta.url));

function skippable(length: number): Buffer {
  const bytes = Buffer.alloc(8 + length, 7);
  bytes.writeUInt32LE(0x184d2a50 + (length % 16));
  bytes.writeUInt32LE(length, 4);
  return bytes;
}

/** Chunks in the same memory, as a file's are read: each is valid until the next is asked for. */
async function* chunked(bytes: Uint8Array, size: number) {
  const memory = new Uint8Array(size);
  for (let i = 0; i < bytes.length; i += size) {
    const chunk = bytes.subarray(i, i + size);
    memory.set(chunk);
    yield memory.subarray(0, chunk.length);
  }
}

async function content(bytes: Uint8Array, compression: 'gzip' | 'zstd', size = 1 << 16): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of decompressed(chunked(bytes, size), { path: 'in', compression }))
    parts.push(Uint8Array.from(part));
  return Buffer.concat(parts).toString('latin1');
}

const anyFrame = fc.record({
  content: fc
    .oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(400).map((length) => new Uint8Array(length)),
    )
    .map((bytes) => Buffer.from(bytes)),
  hasChecksum: fc.boolean(),
  hasSize: fc.boolean(),
});

test('zstd: all frames are read, in chunks of any size, with what may be skipped between them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyFrame, { minLength: 1 }),
      fc.nat(40),
      fc.integer({ min: 1, max: 99 }),
      async (frames, skip, size) => {
        const bytes = Buffer.concat(frames.flatMap((options) => [frame(options), skippable(skip)]));
        const expected = Buffer.concat(frames.map((options) => options.content)).toString('latin1');
        expect(await content(bytes, 'zstd', size)).toBe(expected);
      },
    ),
  );
});

test('zstd: what zstd itself has compressed, once and twice, alone and after other frames', async () => {
  const once = await content(real, 'zstd', 7);
  expect(once).toContain('The first text.');
  const large = { content: Buffer.from('large '.repeat(1e5)), hasChecksum: true, hasSize: false };
  const all = Buffer.concat([real, frame(large, 1 << 16), real]);
  expect(await content(all, 'zstd')).toBe(once + 'large '.repeat(1e5) + once);
});

test('zstd: the library in WebAssembly decodes compressed blocks in pieces of any size and at once, and no damaged ones', async () => {
  const { zstdLibrary } = await import('./zstd-wasm.js');
  const library = await zstdLibrary();
  const text = Array.from({ length: 99 }, (_, i) => song(99 - i)).join('');
  const drain = async (bytes: Uint8Array, size: number) => {
    const parts: Uint8Array[] = [];
    for await (const part of library.stream(chunked(bytes, size))) parts.push(Uint8Array.from(part));
    return Buffer.concat(parts).toString();
  };
  expect(Buffer.from(library.decompress(bottles, text.length)).toString()).toBe(text);
  for (const size of [1, 7, 100, 1000]) expect(await drain(bottles, size)).toBe(text);
  expect(() => library.decompress(bottles, text.length - 2)).toThrow('not as long as it says');
  for (let length = 0; length < bottles.length; length++)
    await expect(drain(bottles.subarray(0, length), 64), `${length} bytes`).rejects.toThrow();
  for (let bit = 0; bit < 8 * bottles.length; bit++) {
    const broken = Buffer.from(bottles);
    broken[bit >> 3]! ^= 1 << (bit & 7);
    expect(await drain(broken, 64).catch(() => text), `bit ${bit}`).toBe(text);
  }
});

function song(bottles: number): string {
  return `${bottles} bottles of beer on the wall, ${bottles} bottles of beer. `;
}

/** Of all the bottles, by `zstd -19`. */
const bottles = Buffer.from(
  'KLUv/QRojQgAlpIrFaCp2IBR6jdJWVUyIrt3Sim6sX4FAy8AIwAhACJka/8zRFVmZ2ciZGv/M0RVZncEDsDhIGgcBAPjQCQOBYEwOAqJY0E4MBiJwXEX0449/8wM0VSN2dzciBBJLdn00wxRldnRkQjZ2v8MUZXZ1VU16/UqYtKtbf+eMZGrbObzWeTk29v/P3OiV93s97vIkAFka/8zRFVmdyIk2dLmzxkSsYpmPB5FSrat3b8zJWpVgMWoEaD2sP8b4DcDEfx7qfBjPuj7fNfnvU1NZ9v8pfel9650z8/Jz2Uznb/DvsOfaX8vPS+9d6V7fk5+Lpvp/B32Vd8/bxnNaMopCr45zWjKKQq+Oc1oyqm0bqJiwKkK6JAflg==',
  'base64',
);

test('zstd: a frame that is cut off, damaged or followed by something else is refused', async () => {
  const text = Buffer.from('some text that is long enough to be worth a checksum');
  const whole = frame({ content: text, hasChecksum: true, hasSize: true });
  for (let length = 0; length < whole.length; length++)
    await expect(content(whole.subarray(0, length), 'zstd'), `${length} bytes`).rejects.toThrow();
  for (const bytes of [real, whole])
    await expect(content(Buffer.concat([bytes, Buffer.from('more')]), 'zstd')).rejects.toThrow(
      'follows its last',
    );
  // No bit can change the text without notice: the sizes and the checksum see to it.
  for (let bit = 0; bit < 8 * whole.length; bit++) {
    const broken = Buffer.from(whole);
    broken[bit >> 3]! ^= 1 << (bit & 7);
    expect(await content(broken, 'zstd').catch(() => text.toString()), `bit ${bit}`).toBe(text.toString());
  }
  const broken = Buffer.from(whole);
  broken[20]! ^= 1;
  await expect(content(broken, 'zstd')).rejects.toThrow(/checksum/);
  const hungry = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, 1, 0, 0]);
  await expect(content(hungry, 'zstd')).rejects.toThrow('a window of 2147483648 bytes');
});

test('a little data that grows without end is decompressed only as it is read', async () => {
  const blocks = 4000;
  for (const compression of ['zstd', 'gzip'] as const) {
    const grown = Buffer.alloc(blocks << 10, 97);
    const bomb =
      compression === 'gzip'
        ? gzipSync(grown)
        : Buffer.concat([frame({ content: grown, hasChecksum: false, hasSize: false }, 1 << 10)]);
    let taken = 0;
    const source = async function* () {
      for (;;) {
        taken += bomb.length;
        yield bomb;
      }
    };
    let read = 0;
    for await (const part of decompressed(source(), { path: 'in', compression })) {
      read += part.length;
      if (read > 10e6) break;
    }
    // What is under way is a few chunks, not all that there is.
    expect(taken / bomb.length).toBeLessThan(40);
  }
});

test('gzip: what has been read is freed, whenever garbage is collected', async () => {
  const text = Buffer.alloc(64 << 20, 'some text ');
  const bytes = gzipSync(text, { level: 1 });
  const before = process.memoryUsage().arrayBuffers;
  let length = 0;
  let most = 0;
  for await (const part of decompressed(chunked(bytes, 1 << 16), { path: 'in', compression: 'gzip' })) {
    expect(text.subarray(length, length + part.length).equals(part)).toBe(true);
    length += part.length;
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  expect(length).toBe(text.length);
  expect(most).toBeLessThan(4 << 20);
});

test('gzip: members one after another are read, zeros after them too, and nothing else', async () => {
  const [a, b] = [gzipSync('hello '), gzipSync('world')];
  const zeros = Buffer.alloc(700);
  for (const size of [1, 5, a.length, 1000]) {
    expect(await content(Buffer.concat([a, b]), 'gzip', size)).toBe('hello world');
    expect(await content(Buffer.concat([a, b, zeros]), 'gzip', size)).toBe('hello world');
    for (const rest of [Buffer.from('more'), Buffer.concat([zeros, b]), b.subarray(0, 12)])
      await expect(content(Buffer.concat([a, rest]), 'gzip', size)).rejects.toThrow();
  }
});
