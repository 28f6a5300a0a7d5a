import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { checkPass } from '../testing/passes.fixture.js';
import { joinNorms } from './norms.js';

const squares = (...tensors: tf.Tensor[]) => tensors.map((x) => tf.sum(tf.square(x)));

it('joins the squares of vectors into one sum, and sums the rows of matrices first', async () => {
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
    ' = Concat',
    ' = Sum',
    ' = Add',
  ]);
  expect(text).toContain('float32[5] = Concat');
  expect(text).toContain('{axes: [1,2]}');
});

it('keeps sums that have other readers, and a single norm', async () => {
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

it('sums a whole tensor where the terms are all of its parts', async () => {
  const variables = { whole: { shape: [5, 2] }, part: { shape: [4] } };
  const text = await checkPass(
    joinNorms,
    ({ whole, part }) => {
      const [top, rest] = [tf.slice(whole!, [0, 0], [2, 2]), tf.slice(whole!, [2, 0], [3, 2])];
      const norm = squares(rest, tf.slice(part!, [0], [3]), top).reduce((sum, square) => tf.add(sum, square));
      return { norm };
    },
    { variables },
  );
  expect(text).toContain('Square(whole)');
  expect(text).not.toContain('Square(part)');
});
