import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { trace } from '../../trace/trace.js';
import { toOnnx } from './model.js';
import { restoredValues, type Storage } from './storage.js';

const rows = 6;
const width = 64;
const matrix = fc
  .array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: rows * width, maxLength: rows * width })
  .map((values) => Float32Array.from(values));

/** What onnxruntime reads of a variable that lies in the file in this form. */
async function readBack(values: Float32Array, storage: Storage): Promise<Float32Array> {
  const graph = trace(({ weight }, { zero }) => ({ y: tf.add(weight!, zero!) }), {
    variables: { weight: { shape: [rows, width] } },
    inputs: { zero: { shape: [], dtype: 'float32' } },
  });
  const file = toOnnx(graph, { values: new Map([['weight', values]]), storage: () => storage });
  const session = await InferenceSession.create(file);
  const { y } = await session.run({ zero: new Tensor('float32', [0], []) });
  await session.release();
  return y!.data as Float32Array;
}

describe.each<Storage>(['float32', 'float16', 'int8', 'int4'])('%s', (storage) => {
  test('onnxruntime reads the values that restoredValues names', async () => {
    await fc.assert(
      fc.asyncProperty(matrix, async (values) => {
        const read = await readBack(values, storage);
        const named = restoredValues(values, [rows, width], storage);
        for (const [i, value] of read.entries()) expect(value).toBeCloseTo(named[i]!, 5);
      }),
      { numRuns: 8 },
    );
  });

  test('a value is off by half a level at most', () => {
    const levels = { float32: 0, float16: 2 ** -11, int8: 1 / 254, int4: 1 / 14 }[storage];
    fc.assert(
      fc.property(matrix, (values) => {
        const named = restoredValues(values, [rows, width], storage);
        for (const [i, value] of values.entries()) {
          const group = storage === 'int4' ? 32 : width;
          const from = Math.floor(i / group) * group;
          const largest = Math.max(...values.subarray(from, from + group).map(Math.abs));
          expect(Math.abs(named[i]! - value)).toBeLessThanOrEqual(levels * largest * 1.0001 + 2 ** -25);
        }
      }),
      { numRuns: 20 },
    );
  });
});

test('restored values are stored again without loss', () => {
  fc.assert(
    fc.property(matrix, fc.constantFrom<Storage>('float16', 'int8'), (values, storage) => {
      const once = restoredValues(values, [rows, width], storage);
      const twice = restoredValues(once, [rows, width], storage);
      for (const [i, value] of twice.entries()) expect(value).toBeCloseTo(once[i]!, 5);
    }),
  );
});
