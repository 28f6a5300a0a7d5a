import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CompileOptions, compile } from '../compile.js';
import { dropoutMask } from '../primitives/dropout-mask.js';
import { sample } from '../testing/compare.fixture.js';
import type { TensorFunction } from '../trace/trace.js';
import { readEntry, writeEntry } from './entries.js';
import { cacheFolder } from './keep.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-cache-'));
  vi.stubEnv('MLM_CACHE', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const traced = vi.fn();
/** Dropout, a gradient and an assignment: work for the engine and for our own kernels. */
const makeStep =
  (rate: number): TensorFunction =>
  ({ weight }, { x, key }) => {
    traced();
    const { value: loss, grads } = tf.variableGrads(() => {
      const dropped = tf.mul(x!, dropoutMask(key!, { shape: [4, 3], rate, stream: 0 }));
      return tf.mean<tf.Scalar>(tf.square(tf.matMul(dropped as tf.Tensor2D, weight as tf.Tensor2D)));
    });
    weight!.assign(tf.sub(weight!, tf.mul(grads.weight!, rate)));
    return { loss };
  };

const options: CompileOptions = {
  variables: { weight: { shape: [3, 2], value: sample(6) } },
  inputs: { x: { shape: [4, 3], dtype: 'float32' }, key: { shape: [2], dtype: 'int32' } },
  threads: 1,
};
const code = [new URL('../testing/', import.meta.url)];

async function run(rate = 0.25, more: Partial<CompileOptions> = {}) {
  traced.mockClear();
  const step = await compile(makeStep(rate), { ...options, cache: { code, values: { rate } }, ...more });
  const inputs = { x: sample(12, 3), key: Int32Array.of(7, 1) };
  const results = [await step.run(inputs), await step.run(inputs), await step.read()];
  await step.dispose();
  return { results, traced: traced.mock.calls.length > 0 };
}

describe('compiled functions that are kept', () => {
  it('are not traced again, and give identical results', async () => {
    const [first, second] = [await run(), await run()];
    expect([first.traced, second.traced]).toEqual([true, false]);
    expect(second.results).toEqual(first.results);
  });

  it('are compiled anew when a part of them changes', async () => {
    const first = await run();
    const other = await run(0.5);
    expect(other.traced).toBe(true);
    expect(other.results).not.toEqual(first.results);
    const wider = { ...options.inputs, y: { shape: [1], dtype: 'float32' as const } };
    await compile(makeStep(0.25), { ...options, inputs: wider, cache: { code, values: { rate: 0.25 } } });
    expect((await readdir(folder)).length).toBe(3);
  });

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 5)],
    ['empty', () => Buffer.alloc(0)],
    ['changed in one byte', (bytes: Buffer) => bytes.fill(bytes[200]! ^ 1, 200, 201)],
  ])('are compiled anew when the file is %s', async (_, damage) => {
    const first = await run();
    const [name] = await readdir(folder);
    await writeFile(join(folder, name!), damage(await readFile(join(folder, name!))));
    const second = await run();
    expect(second.traced).toBe(true);
    expect(second.results).toEqual(first.results);
    expect((await run()).traced).toBe(false);
  });

  it('are not kept without a source, with MLM_CACHE=off, or in a folder that cannot be written', async () => {
    await compile(makeStep(0.25), options);
    vi.stubEnv('MLM_CACHE', 'off');
    await run();
    vi.stubEnv('MLM_CACHE', '/dev/null/cache');
    await run();
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('entries', () => {
  it('make room for new ones, the least recently used first', async () => {
    const limit = 2500;
    const content = (fill: number) => new Uint8Array(1000).fill(fill);
    await writeEntry(folder, 'a', content(1), limit);
    await writeEntry(folder, 'b', content(2), limit);
    for (const name of ['a', 'b']) await utimes(join(folder, `${name}.compiled`), 1000, 1000);
    expect(await readEntry(folder, 'a')).toEqual(content(1));
    await writeEntry(folder, 'c', content(3), limit);
    expect((await readdir(folder)).sort()).toEqual(['a.compiled', 'c.compiled']);
  });

  it('remove what a kill left half-written, unless it may still be in progress', async () => {
    for (const name of ['old.1.0.partial', 'new.2.0.partial']) await writeFile(join(folder, name), 'half');
    await utimes(join(folder, 'old.1.0.partial'), 1000, 1000);
    await writeEntry(folder, 'a', 1);
    expect((await readdir(folder)).sort()).toEqual(['a.compiled', 'new.2.0.partial']);
  });
});

it('the folder follows MLM_CACHE, then XDG_CACHE_HOME', () => {
  expect(cacheFolder({ MLM_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a');
  expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe('/b/mlm');
  expect(cacheFolder({ MLM_CACHE: 'off' })).toBeUndefined();
});
