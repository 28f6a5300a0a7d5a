import { elementCount } from '@mlm/base/shape';
import { testDevice, testEngines } from '../testing/engines.fixture.js';
import '@tensorflow/tfjs-backend-cpu';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { compile, type Executable } from '@mlm/compile';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { assembleBatch, rowOf } from '../data/batch.js';
import { presetModel } from '../models/index.js';
import { fixtureFolder, isKeyBias } from '../testing/reference.fixture.js';
import { maskedLanguageModelLoss } from './graphs.js';
import { batchInputs, batchValues } from './inputs.js';

// bert-tiny on 16 × 128 of 30,522 ids, weights and ids as fixtures/make_full_size.py makes them. At this size engines
// divide most operations among threads, and the frequent ids' gradients are sums of many rows.
const [rows, length, vocabulary] = [16, 128, 30_522] as const;

interface FullSize {
  loss: number;
  masked: number;
  gradients: Record<string, { norm: number; sketches: number[] }>;
}
const reference = JSON.parse(await readFile(fixtureFolder('full-size.json'), 'utf8')) as FullSize;
const model = presetModel('bert-tiny', vocabulary);
const names = Object.keys(reference.gradients);

const engines = testEngines('eager', 'onnx');
const device = testDevice;

describe('a step of full size', { timeout: 600_000 }, () => {
  it.each(engines)('has PyTorch’s loss and gradients: %s', async (engine) => {
    const step = await compileGradients({ engine, device });
    const results = await step.run(inputs);
    await step.dispose();
    expect(Math.abs(results.loss![0]! - reference.loss)).toBeLessThan(1e-5);
    for (const [stream, name] of names.entries()) {
      const gradient = results[name] as Float32Array;
      const { norm, sketches } = reference.gradients[name]!;
      if (isKeyBias(name))
        expect(distance(sketch(gradient, 1000 + stream), sketches), name).toBeLessThan(1e-7);
      else expect(distance(sketch(gradient, 1000 + stream), sketches) / norm, name).toBeLessThan(1e-4);
    }
  });

  // Eager tfjs has one thread, and would take minutes.
  it.each(engines.filter((engine) => engine !== 'eager' && device !== 'webgpu'))(
    'has the same bits in every run: %s',
    async (engine) => {
      // Of onnxruntime the number of threads decides nothing either.
      const one = { engine, device, ...(engine === 'onnx' && { threads: 1 }) };
      const first = await compileGradients(one);
      const expected = await first.run(inputs);
      await first.dispose();
      const choices = [
        { runs: 50 }, // the engine's own
        ...(engine === 'onnx'
          ? [
              { runs: 10, threads: 2 },
              { runs: 10, threads: availableParallelism() + 3 },
            ]
          : []),
      ];
      for (const { runs, ...threads } of choices) {
        const step = await compileGradients({ engine, device, ...threads });
        for (let run = 0; run < runs; run++) {
          const results = await step.run(inputs);
          for (const name of ['loss', ...names])
            expect(bytes(results[name]!).equals(bytes(expected[name]!)), `${name} in run ${run}`).toBe(true);
        }
        await step.dispose();
      }
    },
  );
});

/** The loss and every gradient of a batch. */
function compileGradients(options: Parameters<typeof compile>[1]): Promise<Executable> {
  const variables = Object.fromEntries(
    model.parameters.map(({ name, shape }) => {
      const value = uniform(100 + names.indexOf(name), elementCount(shape));
      if (name.includes('LayerNorm.weight')) for (const [i, weight] of value.entries()) value[i] = weight + 1;
      return [name, { shape, value }];
    }),
  );
  return compile(
    (variables, inputs) => {
      const { value, grads } = tf.variableGrads(() => maskedLanguageModelLoss(model, variables, inputs));
      return { loss: value, ...Object.fromEntries(names.map((name) => [name, grads[name]!])) };
    },
    {
      ...options,
      variables,
      inputs: {
        ...batchInputs({ batchSize: rows, lengths: [length] }),
        loss_scale: { shape: [], dtype: 'float32' },
      },
    },
  );
}

const inputs = {
  ...batchValues(fullBatch()),
  loss_scale: Float32Array.of(1 / reference.masked),
};

function fullBatch() {
  const [chosen, frequent, rare, dice] = [1, 2, 3, 4].map((stream) => words(stream, rows * length));
  const labels = Int32Array.from(chosen!, (word, i) =>
    word % 2 === 0 ? 1 + (frequent![i]! % 40) : 1 + (rare![i]! % (vocabulary - 1)),
  );
  const masked = (i: number) => dice![i]! % 100 < 15;
  const ids = labels.map((label, i) => (masked(i) ? 103 : label));
  const targets = labels.map((label, i) => (masked(i) ? label : -100));
  const part = (array: Int32Array, row: number) => array.subarray(row * length, (row + 1) * length);
  const list = Array.from({ length: rows }, (_, row) => rowOf(part(ids, row), part(targets, row)));
  return assembleBatch(list, { batch: rows, sequence: length }, 0);
}

/** murmur3's finalizer over a counter and a stream. */
function words(stream: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => {
    let x = (Math.imul(i, 0x9e3779b1) + Math.imul(stream, 0x85ebca6b)) | 0;
    x ^= x >>> 16;
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    return x ^ (x >>> 16);
  });
}

/** Numbers in [−1/16, 1/16). */
const uniform = (stream: number, count: number): Float32Array =>
  Float32Array.from(words(stream, count), (word) => (word >>> 8) / 2 ** 27 - 1 / 16);

/** 32 sums of the elements with random signs. */
function sketch(values: Float32Array, stream: number): Float64Array {
  const bits = words(stream, values.length);
  const sums = new Float64Array(32);
  for (let i = 0; i < values.length; i++) {
    for (let j = 0; j < 32; j++) sums[j]! += (bits[i]! >>> j) & 1 ? values[i]! : -values[i]!;
  }
  return sums;
}

/** The root of the mean square of differences: of two gradients' sketches, about the norm of their difference. */
const distance = (a: Float64Array, b: readonly number[]): number =>
  Math.sqrt(b.reduce((sum, value, i) => sum + (a[i]! - value) ** 2, 0) / b.length);

const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer, byteOffset, byteLength);
