import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../compile.js';
import { runBoth } from '../testing/compare.fixture.js';
import type { TensorFunction } from '../trace/trace.js';
import { dropoutMask } from './dropout-mask.js';

const draw = (seed: number, step: number, rate: number, stream: number, length: number) =>
  tf.tidy(() =>
    dropoutMask(tf.tensor1d([seed, step], 'int32'), { shape: [length], rate, stream }).dataSync(),
  );

/** The share of equal elements. */
const agreement = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).filter((value, i) => value === b[i]).length / a.length;

describe('dropoutMask', () => {
  it('drops the requested share and keeps the mean at 1', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(), fc.constantFrom(0, 0.1, 0.5, 0.9), (seed, step, rate) => {
        const length = 2 ** 15;
        const mask = draw(seed, step, rate, 3, length);
        const dropped = mask.filter((value) => value === 0).length / length;
        // Six standard deviations of a binomial share.
        const bound = 6 * Math.sqrt((rate * (1 - rate)) / length) + 2 ** -17;
        expect(Math.abs(dropped - rate)).toBeLessThanOrEqual(bound);
        const kept = [...new Set(mask)].filter((value) => value !== 0);
        expect(kept).toHaveLength(1);
        expect(kept[0]! * (1 - rate)).toBeCloseTo(1, 3);
      }),
      { numRuns: 30 },
    );
  });

  it('depends on seed, step and stream, and neighbours are independent', () => {
    const mask = draw(1, 2, 0.5, 3, 2 ** 16);
    for (const other of [
      draw(2, 2, 0.5, 3, 2 ** 16),
      draw(1, 3, 0.5, 3, 2 ** 16),
      draw(1, 2, 0.5, 4, 2 ** 16),
    ]) {
      expect(Math.abs(agreement(mask, other) - 0.5)).toBeLessThan(0.02);
    }
    for (const distance of [1, 2, 8, 128]) {
      expect(
        Math.abs(agreement(mask, [...mask.slice(distance), ...mask.slice(0, distance)]) - 0.5),
      ).toBeLessThan(0.02);
    }
  });

  it('is frozen: the same bits in every version', () => {
    const bits = Array.from(draw(42, 7, 0.5, 1, 32), (value) => (value === 0 ? 0 : 1)).join('');
    expect(bits).toMatchInlineSnapshot(`"10000011111101100011011111011000"`);
  });

  const fn: TensorFunction = (_, { key, x }) => ({
    y: tf.mul(x!, dropoutMask(key!, { shape: x!.shape, rate: 0.3, stream: 5 })),
  });

  it('is the same eagerly and compiled, for varying sizes', async () => {
    const inputs = {
      key: { shape: [2], dtype: 'int32' },
      x: { shape: ['rows', 5], dtype: 'float32' },
    } as const;
    const step = await compile(fn, { inputs });
    for (const rows of [3, 40, 7]) {
      const given = { key: Int32Array.of(9, rows), x: new Float32Array(rows * 5).fill(1) };
      const [eager] = await runBoth(fn, { inputs }, given);
      expect((await step.run(given)).y).toEqual(eager.y);
    }
    await step.dispose();
  });

  it('refuses a rate of 1', () => {
    expect(() => draw(1, 1, 1, 0, 4)).toThrow('expected at least 0 and below 1');
  });
});
