import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { checkPass } from '../testing/passes.fixture.js';
import { joinNorms } from './norms.js';

const squares = (...tensors: tf.Tensor[]) => tensors.map((x) => tf.sum(tf.square(x)));

it('joins the squares of vectors into one sum, and leaves other terms', async () => {
  const variables = { a: { shape: [3] }, b: { shape: [2] }, c: { shape: [2, 3] }, d: { shape: [2, 2, 2] } };
  const text = await checkPass(
    joinNorms,
    ({ a, b, c, d }) => {
      const norm = squares(a!, c!, d!, b!).reduce((sum, square) => tf.add(sum, square));
      return { clip: tf.minimum(tf.div(1, tf.sqrt(norm)), 1) };
    },
    { variables },
  );
  expect(text.match(/ = (Sum|Concat|Add)\b/g)).toEqual([
    ' = Sum',
    ' = Sum',
    ' = Concat',
    ' = Sum',
    ' = Add',
    ' = Add',
  ]);
  expect(text).toContain('float32[5] = Concat');
});

it('leaves sums that something else reads, and a single norm', async () => {
  const variables = { a: { shape: [3] }, b: { shape: [2] } };
  const text = await checkPass(
    joinNorms,
    ({ a, b }) => {
      const [first, second] = squares(a!, b!);
      return { one: tf.add(first!, 1), two: tf.mul(second!, 2) };
    },
    { variables },
  );
  expect(text).not.toContain('Concat');
});
