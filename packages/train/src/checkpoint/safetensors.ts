import { open } from 'node:fs/promises';
import { readAt } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import { fromFloat16 } from '@mlm/base/float16';
import { parseJson, shown } from '@mlm/base/json';
import { elementCount } from '@mlm/base/shape';
import { safetensorsHeader } from './safetensors-header.js';

/** A tensor in a safetensors file. Weights of other float types are widened to float32 when read. */
export interface StoredTensor {
  shape: readonly number[];
  values: Float32Array;
}

interface HeaderEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

const bytesPerElement: Record<string, number> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};
/** The format's own limit on the length of its JSON header. */
const maximumHeaderBytes = 100_000_000;

/**
 * Writes float32 tensors as one safetensors file (https://huggingface.co/docs/safetensors).
 *
 * @example
 * ```ts
 * import { writeSafetensors } from '@mlm/train';
 *
 * await writeSafetensors('weights.safetensors', [['bias', { shape: [2], values: Float32Array.of(0, 1) }]]);
 * ```
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [string, StoredTensor]>,
  metadata: Record<string, string> = { format: 'pt' },
): Promise<void> {
  const entries = [...tensors];
  const header = safetensorsHeader(
    entries.map(([name, { shape }]) => [name, shape] as const),
    metadata,
  );
  const file = await open(path, 'w');
  try {
    const parts = entries.map(([, { values }]) =>
      Buffer.from(values.buffer, values.byteOffset, values.byteLength),
    );
    for (const bytes of [header, ...parts]) {
      for (let written = 0; written < bytes.length; )
        written += (await file.write(bytes, written)).bytesWritten;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Reads the float tensors of a safetensors file (F32, F64, F16, BF16); integer tensors, such as the position_ids buffer
 * of old checkpoints, are skipped.
 *
 * @throws InputError when the file is not a whole, valid safetensors file
 *
 * @example
 * ```ts
 * import { readSafetensors } from '@mlm/train';
 *
 * for (const [name, { shape }] of await readSafetensors('out-bert-tiny/model.safetensors')) console.log(name, shape);
 * ```
 */
export async function readSafetensors(path: string): Promise<Map<string, StoredTensor>> {
  const broken = (why: string) => new InputError(`${path}: not a valid safetensors file: ${why}`);
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`${path}: cannot be read (${error.code})`);
  });
  try {
    const { size } = await file.stat();
    const lengthBytes = Buffer.alloc(8);
    if (size < 8) throw broken(`it has only ${size} bytes`);
    await readAt(file, path, lengthBytes, 0);
    const headerBytes = lengthBytes.readBigUInt64LE();
    if (headerBytes > BigInt(Math.min(size - 8, maximumHeaderBytes))) {
      throw broken(`its header should have ${headerBytes} bytes, the file has ${size}`);
    }
    const text = Buffer.alloc(Number(headerBytes));
    await readAt(file, path, text, 8);
    const header = parseHeader(text.toString('utf8'), broken);
    const start = 8 + text.length;
    const tensors = new Map<string, StoredTensor>();
    for (const [name, { dtype, shape, data_offsets }] of header) {
      const [begin, end] = data_offsets;
      if (start + end > size)
        throw broken(`tensor ${shown(name, '')} ends at byte ${start + end}, the file has ${size}`);
      const elements = elementCount(shape);
      const width = bytesPerElement[dtype];
      if (width === undefined)
        throw broken(`tensor ${shown(name, '')} has the unknown dtype ${shown(dtype, '')}`);
      if (end - begin !== elements * width) {
        throw broken(
          `tensor ${shown(name, '')} has ${end - begin} bytes, its shape ${shown(shape)} of ${dtype} needs ${elements * width}`,
        );
      }
      if (!dtype.includes('F')) continue;
      const bytes = Buffer.from(new ArrayBuffer(end - begin));
      if ((await readAt(file, path, bytes, start + begin)) < bytes.length)
        throw broken('it was truncated while being read');
      tensors.set(name, { shape, values: toFloat32(bytes, dtype) });
    }
    return tensors;
  } finally {
    await file.close();
  }
}

function parseHeader(text: string, broken: (why: string) => InputError): [string, HeaderEntry][] {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    throw broken(`its header is not JSON (${(error as Error).message})`);
  }
  if (typeof json !== 'object' || json === null) throw broken('its header is not a JSON object');
  const wholeNumbers = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every((number) => Number.isSafeInteger(number) && number >= 0);
  const header = Object.entries(json as Record<string, Partial<HeaderEntry>>)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]): [string, HeaderEntry] => {
      const { dtype, shape, data_offsets } = entry ?? {};
      if (
        typeof dtype !== 'string' ||
        !wholeNumbers(shape) ||
        !wholeNumbers(data_offsets) ||
        data_offsets.length !== 2
      ) {
        throw broken(`the header entry of tensor ${shown(name, '')} is incomplete`);
      }
      return [name, { dtype, shape, data_offsets }];
    });
  // As the format demands; otherwise a small file could ask for any amount of memory.
  const inOrder = header.toSorted(
    ([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1],
  );
  for (const [i, [name, { data_offsets }]] of inOrder.entries()) {
    const before = inOrder[i - 1];
    if (before && data_offsets[0] < before[1].data_offsets[1])
      throw broken(`the tensors ${shown(before[0], '')} and ${shown(name, '')} share bytes`);
  }
  return header;
}

function toFloat32(bytes: Buffer, dtype: string): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  if (dtype === 'F32') return new Float32Array(buffer, byteOffset, byteLength / 4);
  if (dtype === 'F64') return Float32Array.from(new Float64Array(buffer, byteOffset, byteLength / 8));
  const halves = new Uint16Array(buffer, byteOffset, byteLength / 2);
  const values = new Float32Array(halves.length);
  if (dtype === 'BF16') {
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  } else {
    for (let i = 0; i < halves.length; i++) values[i] = fromFloat16(halves[i]!);
  }
  return values;
}
