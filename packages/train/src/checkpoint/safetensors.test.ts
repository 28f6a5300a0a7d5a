import { readFile, writeFile } from 'node:fs/promises';
import { InputError } from '@mlm/base/errors';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/dataset.fixture.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';

const folder = await temporaryFolder();
const path = folder.file('x.safetensors');
afterAll(() => folder.remove());

const tensors = fc.dictionary(
  fc.string({ minLength: 1 }).filter((name) => !['__metadata__', '__proto__'].includes(name)),
  fc.float32Array({ maxLength: 20 }).map((values) => ({ shape: [values.length], values })),
);

it('reads what it wrote, whatever the names and values', async () => {
  await fc.assert(
    fc.asyncProperty(tensors, async (written) => {
      await writeSafetensors(path, Object.entries(written));
      expect([...(await readSafetensors(path))]).toEqual(
        Object.entries(written).map(([name, { shape, values }]) => [name, { shape, values }]),
      );
      const bytes = await readFile(path);
      expect(Number(bytes.readBigUInt64LE()) % 8).toBe(0);
    }),
    { numRuns: 50 },
  );
});

it('converts float16, bfloat16 and float64, and skips integers', async () => {
  const halves = Uint16Array.of(0x3c00, 0xc100, 0x7c00, 0x0001);
  const brains = Uint16Array.of(0x3fc0, 0xc000);
  const parts = [halves, brains, Float64Array.of(0.5), BigInt64Array.of(7n)].map(
    ({ buffer }) => new Uint8Array(buffer as ArrayBuffer),
  );
  const header = {
    half: { dtype: 'F16', shape: [4], data_offsets: [0, 8] },
    brain: { dtype: 'BF16', shape: [2, 1], data_offsets: [8, 12] },
    double: { dtype: 'F64', shape: [], data_offsets: [12, 20] },
    whole: { dtype: 'I64', shape: [1], data_offsets: [20, 28] },
  };
  await writeFile(path, fileOf(JSON.stringify(header), Buffer.concat(parts)));
  const read = await readSafetensors(path);
  expect([...read.keys()]).toEqual(['half', 'brain', 'double']);
  expect([...read.get('half')!.values]).toEqual([1, -2.5, Number.POSITIVE_INFINITY, 2 ** -24]);
  expect(read.get('brain')).toEqual({ shape: [2, 1], values: Float32Array.of(1.5, -2) });
  expect([...read.get('double')!.values]).toEqual([0.5]);
});

function fileOf(header: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), data]);
}

const entry = (change: object) =>
  JSON.stringify({ x: { dtype: 'F32', shape: [1], data_offsets: [0, 4], ...change } });

it.each([
  ['an empty file', Buffer.alloc(0), 'it has only 0 bytes'],
  ['a header length beyond the file', Buffer.alloc(16, 255), 'its header should have'],
  ['a header that is not JSON', fileOf('{"x": ', Buffer.alloc(4)), 'its header is not JSON'],
  [
    'lists inside one another',
    fileOf('['.repeat(5_000_000), Buffer.alloc(4)),
    'more than 128 deep inside one',
  ],
  [
    'a name of megabytes',
    fileOf(`{"${'x'.repeat(5_000_000)}": {}}`, Buffer.alloc(4)),
    `${'x'.repeat(60)}… is incomplete`,
  ],
  [
    'a shape of megabytes',
    fileOf(entry({ shape: Array(1_000_000).fill(2) }), Buffer.alloc(4)),
    ',2… of F32 needs',
  ],
  [
    'tensors that share bytes',
    fileOf(
      JSON.stringify({
        b: { dtype: 'F32', shape: [1], data_offsets: [4, 8] },
        c: { dtype: 'F32', shape: [2], data_offsets: [8, 16] },
        a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
      }),
      Buffer.alloc(16),
    ),
    'the tensors a and b share bytes',
  ],
  ['an incomplete entry', fileOf('{"x": {"dtype": "F32"}}', Buffer.alloc(4)), 'tensor x is incomplete'],
  ['an empty entry', fileOf('{"x": null}', Buffer.alloc(4)), 'tensor x is incomplete'],
  ['an unknown dtype', fileOf(entry({ dtype: 'Q9' }), Buffer.alloc(4)), 'unknown dtype Q9'],
  ['a shape of another size', fileOf(entry({ shape: [3] }), Buffer.alloc(4)), 'needs 12'],
  ['a cut off file', fileOf(entry({}), Buffer.alloc(3)), 'ends at byte'],
])('refuses %s in one line that names the file', async (_, bytes, message) => {
  await writeFile(path, bytes);
  const error = await readSafetensors(path).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(InputError);
  expect((error as InputError).message).toContain(message);
  expect((error as InputError).message).toContain(path);
  expect((error as InputError).message).not.toContain('\n');
  expect((error as InputError).message.length).toBeLessThan(300 + path.length);
});

it('reads tensors without elements, wherever they lie between others', async () => {
  const header = {
    b: { dtype: 'F32', shape: [1], data_offsets: [4, 8] },
    none: { dtype: 'F32', shape: [0], data_offsets: [4, 4] },
    a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
  };
  await writeFile(path, fileOf(JSON.stringify(header), Buffer.from(Float32Array.of(1, 2).buffer)));
  const tensors = await readSafetensors(path);
  expect([...tensors].map(([name, { values }]) => [name, ...values])).toEqual([['b', 2], ['none'], ['a', 1]]);
});
