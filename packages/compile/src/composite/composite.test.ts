import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { printGraph } from '../graph/print.js';
import { inlineComposites } from '../graph/rewrite.js';
import { expectSameValues, sample } from '../testing/compare.fixture.js';
import { trace } from '../trace/trace.js';
import { composite } from './composite.js';

const cube = (x: tf.Tensor) => composite('Cube', [x], { power: 3 }, (x) => [tf.mul(tf.square(x!), x!)])[0]!;
const options = { inputs: { x: { shape: ['rows', 2], dtype: 'float32' } } } as const;

describe('composite', () => {
  it('is one node with its body, which takes its place where a target does not know it', () => {
    const graph = trace((_, { x }) => ({ y: cube(x!) }), options);
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "input x: float32[rows,2]
      %0: float32[rows,2] = Cube(x) {power: 3}
        input $0: float32[rows,2]
        %0: float32[rows,2] = Square($0)
        %1: float32[rows,2] = Multiply(%0, $0)
        output 0 = %1
      output y = %0"
    `);
    expect(printGraph(inlineComposites(graph))).toMatchInlineSnapshot(`
      "input x: float32[rows,2]
      %0: float32[rows,2] = Square(x)
      %1: float32[rows,2] = Multiply(%0, x)
      output y = %1"
    `);
  });

  it('computes the same eagerly and compiled', async () => {
    await expectSameValues((x) => cube(x!), [{ shape: [3, 2], data: sample(6) }]);
  });

  it('refuses to lose a gradient, and to read what was not passed in', () => {
    const gradient = tf.grad((x) => tf.sum(cube(x)));
    expect(() => trace((_, { x }) => ({ y: gradient(x!) }), options)).toThrow('tf.customGrad');
    const leaks = (x: tf.Tensor) => composite('Leak', [], {}, () => [tf.neg(x)])[0]!;
    expect(() => trace((_, { x }) => ({ y: leaks(x!) }), options)).toThrow('pass that tensor in');
  });
});
