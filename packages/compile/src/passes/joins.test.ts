import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { printGraph } from '../graph/print.js';
import { dropoutMask } from '../primitives/dropout-mask.js';
import { checkPass } from '../testing/passes.fixture.js';
import { trace } from '../trace/trace.js';
import { joinColumnSums } from './column-sums.js';
import { joinMasks } from './masks.js';
import { joinProducts } from './products.js';
import { joinSegmentSums } from './segment-sums.js';

const count = (text: string, op: string) => text.match(new RegExp(` = ${op}\\(`, 'g'))?.length ?? 0;

describe('joinProducts', () => {
  const rows = 6;
  const variables = { v: { shape: [2, 5] }, w: { shape: [3, 5] }, x: { shape: [rows, 5] } };
  const inputs = {
    a: { shape: [rows, 2], dtype: 'float32' },
    b: { shape: [rows, 3], dtype: 'float32' },
  } as const;
  type Matrix = tf.Tensor2D;

  it('joins a sum of products, the gradients of their weights, and their column sums into one product each', async () => {
    const text = await checkPass(
      joinProducts,
      ({ v, w, x }, { a, b }) => ({
        dv: tf.matMul(a as Matrix, x as Matrix, true, false),
        db: tf.sum(b!, 0),
        sum: tf.add(tf.add(x!, tf.matMul(a as Matrix, v as Matrix)), tf.matMul(b as Matrix, w as Matrix)),
        da: tf.sum(a!, 0),
        dw: tf.matMul(b as Matrix, x as Matrix, true, false),
      }),
      { variables, inputs },
    );
    expect([count(text, 'BatchMatMul'), count(text, 'Sum'), count(text, 'Slice')]).toEqual([2, 1, 4]);
  });

  it('keeps products that have other readers', async () => {
    const text = await checkPass(
      joinProducts,
      ({ v, w }, { a, b }) => {
        const [first, second] = [tf.matMul(a as Matrix, v as Matrix), tf.matMul(b as Matrix, w as Matrix)];
        return { sum: tf.add(first, second), first };
      },
      { variables, inputs },
    );
    expect(text).not.toContain('Concat');
  });
});

it('joinColumnSums first sums parts of each matrix, then the parts of all matrices at once', async () => {
  const text = await checkPass(
    joinColumnSums,
    (_, { a, b, few }) => ({
      first: tf.sum(a!, 0),
      twice: tf.mul(tf.sum(tf.square(b!), 0), 2),
      few: tf.sum(few!, 0),
      kept: tf.sum(a!, 0, true),
    }),
    {
      inputs: {
        a: { shape: [128, 3], dtype: 'float32' },
        b: { shape: [192, 2], dtype: 'float32' },
        few: { shape: [100, 2], dtype: 'float32' },
      },
    },
  );
  expect(text).toContain('float32[64,5] = Concat');
  expect(count(text, 'Sum')).toBe(5);
});

it('joinColumnSums keeps sums that another one depends on, as with gradient checkpointing', async () => {
  const text = await checkPass(
    joinColumnSums,
    (_, { a }) => {
      const first = tf.sum(a!, 0);
      const second = tf.sum(tf.add(a!, first), 0);
      return { first, second, third: tf.sum(tf.square(a!), 0) };
    },
    { inputs: { a: { shape: [128, 3], dtype: 'float32' } } },
  );
  expect(text).toContain('float32[64,6] = Concat');
});

it('joinSegmentSums adds the rows of all sums to the other terms at once', () => {
  const table = { shape: [7, 2] } as const;
  const ids = { shape: [3], dtype: 'int32' } as const;
  const rows = { shape: [3, 2], dtype: 'float32' } as const;
  const graph = trace(
    ({ table }, { x, y, first, second }) => {
      const [sumX, sumY] = [
        tf.unsortedSegmentSum(x!, first as tf.Tensor1D, 7),
        tf.unsortedSegmentSum(y!, second as tf.Tensor1D, 7),
      ];
      return { all: tf.add(tf.sub(table!, sumX), sumY), own: tf.sub(sumY, table!) };
    },
    { variables: { table }, inputs: { x: rows, y: rows, first: ids, second: ids } },
  );
  const text = printGraph(joinSegmentSums(graph));
  expect(text).toMatch(/float32\[7,2\] = UnsortedSegmentSum\(%\d+, %\d+, table\)/);
  expect(count(text, 'Neg')).toBe(1);
  // A table that is taken away is not what rows can be added to.
  expect(count(text, 'Sub')).toBe(1);
});

it('joinSegmentSums keeps sums that are broadcast, or added to a broadcast term', () => {
  const graph = trace(
    ({ table }, { x, ids }) => {
      const [seven, one] = [7, 1].map((segments) =>
        tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, segments),
      ) as [tf.Tensor, tf.Tensor];
      return { row: tf.add(seven, tf.sum(table!, 0, true)), broadcast: tf.add(table!, one) };
    },
    {
      variables: { table: { shape: [7, 2] } },
      inputs: { x: { shape: [3, 2], dtype: 'float32' }, ids: { shape: [3], dtype: 'int32' } },
    },
  );
  const text = printGraph(joinSegmentSums(graph));
  expect([count(text, 'Add'), count(text, 'UnsortedSegmentSum')]).toEqual([2, 2]);
});

it('joinMasks draws masks of equal key, shape and rate together', () => {
  const key = { shape: [2], dtype: 'int32' } as const;
  const graph = trace(
    (_, { key, other }) => ({
      a: dropoutMask(key!, { shape: [4], rate: 0.5, stream: 1 }),
      b: dropoutMask(key!, { shape: [4], rate: 0.5, stream: 2 }),
      again: tf.neg(dropoutMask(key!, { shape: [4], rate: 0.5, stream: 1 })),
      rate: dropoutMask(key!, { shape: [4], rate: 0.25, stream: 1 }),
      key: dropoutMask(other!, { shape: [4], rate: 0.5, stream: 1 }),
    }),
    { inputs: { key, other: key } },
  );
  expect(printGraph(joinMasks(graph)).match(/streams: \[[\d,]*\]/g)).toEqual([
    'streams: [1,2]',
    'streams: [1]',
    'streams: [1]',
  ]);
});
