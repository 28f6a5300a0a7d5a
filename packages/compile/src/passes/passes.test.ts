import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { onnx } from '../targets/onnx/target.js';
import { checkPass } from '../testing/passes.fixture.js';
import type { TensorFunction } from '../trace/trace.js';
import { simplifyAlgebra } from './algebra.js';
import { shareCommon } from './common.js';
import { moveFactors } from './factors.js';
import { rewriteGelu } from './gelu.js';
import { fuseLayerNorm } from './layer-norm.js';
import { fuseMatMul } from './matmul.js';
import { applyPasses, type Pass } from './passes.js';

const simplifyForOnnx: Pass = (graph) => applyPasses(onnx.passes, graph);

const inputs = {
  x: { shape: ['rows', 4], dtype: 'float32' },
  y: { shape: ['rows', 4], dtype: 'float32' },
} as const;
const variables = { w: { shape: [4, 4] }, b: { shape: [4] }, g: { shape: [4] } };
const options = { inputs, variables };

/** A function of two matrices, a square one and two rows. */
const matrices =
  (
    fn: (x: tf.Tensor2D, y: tf.Tensor2D, w: tf.Tensor2D, b: tf.Tensor, g: tf.Tensor) => tf.Tensor,
  ): TensorFunction =>
  ({ w, b, g }, { x, y }) => ({
    result: fn(x as tf.Tensor2D, y as tf.Tensor2D, w as tf.Tensor as tf.Tensor2D, b!, g!),
  });

const gelu = (x: tf.Tensor) => tf.mul(x, tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5));

const layerNorm = (x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) => {
  const centered = tf.sub(x, tf.mean(x, -1, true));
  const deviation = tf.rsqrt(tf.add(tf.mean(tf.square(centered), -1, true), 1e-5));
  return { deviation, value: tf.add(tf.mul(tf.mul(centered, deviation), weight), bias) };
};

describe('passes keep values', () => {
  it('simplifyAlgebra folds constants and removes operations that change nothing', async () => {
    const fn = matrices((x, y) => {
      const twice = tf.mul(tf.add(tf.mul(tf.sub(x, 0), 1), tf.zerosLike(x)), tf.add(1, tf.ones([4])));
      return tf.add(tf.reshape(tf.reshape(twice, [-1]), [-1, 4]), tf.transpose(tf.transpose(y)));
    });
    expect(await checkPass(simplifyAlgebra, fn, options)).toMatchInlineSnapshot(`
      "%0: float32[rows,4] = Multiply(x, 2)
      %1: float32[rows,4] = Add(%0, y)
      output result = %1"
    `);
  });

  it('shareCommon computes equal nodes once', async () => {
    const fn = matrices((x, y) => tf.add(tf.mul(tf.exp(x), y), tf.exp(x)));
    expect(await checkPass(shareCommon, fn, options)).toMatchInlineSnapshot(`
      "%0: float32[rows,4] = Exp(x)
      %1: float32[rows,4] = Multiply(%0, y)
      %2: float32[rows,4] = Add(%1, %0)
      output result = %2"
    `);
  });

  it('shareCommon keeps nodes with different attributes', async () => {
    const fn = matrices((x) => tf.sub(tf.sum(x, 0), tf.sum(x, 0, true)));
    expect(await checkPass(shareCommon, fn, options)).toMatch(/keepDims: true/);
  });

  it('moveFactors moves constants past linear operations', async () => {
    const fn = matrices((x, y) => tf.sum(tf.mul(tf.mul(x, 0.5), tf.mul(y, 3)), 0));
    expect(await checkPass(moveFactors, fn, options)).toMatchInlineSnapshot(`
      "%0: float32[rows,4] = Multiply(x, y)
      %1: float32[4] = Sum(%0) {axes: [0]}
      %2: float32[4] = Multiply(%1, 1.5)
      output result = %2"
    `);
  });

  it('moveFactors leaves integers alone, because a quotient or a mean would round them', async () => {
    const fn: TensorFunction = (_, { counts }) => {
      const even = tf.mul(counts!, tf.scalar(2, 'int32'));
      return { sum: tf.sum(even), mean: tf.mean(even, 0), product: tf.mul(even, counts!) };
    };
    const integers = { inputs: { counts: { shape: ['rows', 4], dtype: 'int32' } } } as const;
    expect(await checkPass(moveFactors, fn, integers)).toMatchInlineSnapshot(`
      "%0: int32[rows,4] = Multiply(counts, 2)
      %1: int32[] = Sum(%0) {axes: [0,1]}
      %2: float32[4] = Mean(%0) {axes: [0]}
      %3: int32[rows,4] = Multiply(%0, counts)
      output sum = %1
      output mean = %2
      output product = %3"
    `);
    expect(await checkPass(simplifyForOnnx, fn, integers)).toMatch(/int32\[\] = Sum/);
  });

  it('fuseMatMul absorbs transposes, factors and biases', async () => {
    const fn = matrices((x, y, w, b) => {
      const hidden = tf.add(tf.matMul(tf.mul(x, 2) as tf.Tensor2D, tf.transpose(w) as tf.Tensor2D), b);
      return tf.matMul(hidden as tf.Tensor2D, y, true);
    });
    expect(await checkPass(fuseMatMul, fn, options)).toMatchInlineSnapshot(`
      "%0: float32[rows,4] = ScaledMatMul(x, w, b) {transposeB: true, alpha: 2, beta: 1}
      %1: float32[4,4] = ScaledMatMul(%0, y) {transposeA: true, alpha: 1, beta: 1}
      output result = %1"
    `);
  });

  it('fuseMatMul leaves a product with other readers alone', async () => {
    const fn = matrices((x, _, w, b) => {
      const product = tf.matMul(x, w);
      return tf.add(tf.add(product, b), tf.mul(product, 3));
    });
    expect(await checkPass(fuseMatMul, fn, options)).toMatchInlineSnapshot(`
      "%0: float32[rows,4] = ScaledMatMul(x, w) {alpha: 1, beta: 1}
      %1: float32[rows,4] = Add(%0, b)
      %2: float32[rows,4] = Multiply(%0, 3)
      %3: float32[rows,4] = Add(%1, %2)
      output result = %3"
    `);
  });

  it('fuseMatMul and fuseLayerNorm leave rows alone that widen the result or only repeat', async () => {
    const fn = matrices((x, _, w, b) => {
      const column = tf.matMul(x, tf.slice(w, [0, 0], [4, 1]) as tf.Tensor2D);
      return tf.add(column, b);
    });
    expect(await checkPass(fuseMatMul, fn, options)).toMatch(/= Add\(/);
    const one: TensorFunction = ({ b, g }, { x }) => ({
      value: layerNorm(x!, tf.slice(g!, [0], [1]), b!).value,
    });
    expect(await checkPass(fuseLayerNorm, one, options)).toMatch(/= Add\(/);
  });

  it('fuseLayerNorm finds the normalization, its deviation and its scale and bias', async () => {
    const fn: TensorFunction = ({ b, g }, { x }) => layerNorm(x!, g!, b!);
    expect(await checkPass(fuseLayerNorm, fn, options)).toMatchInlineSnapshot(`
      "%0: float32[4] = Fill() {shape: [4], value: 1}
      %1: float32[4] = Fill() {shape: [4], value: 0}
      %2: float32[rows,4], %3: float32[rows,1], %4: float32[rows,1] = LayerNormalization(x, %0, %1) {epsilon: 0.00001}
      %5: float32[rows,4] = LayerNormalization(x, g, b) {epsilon: 0.00001}
      output deviation = %4
      output value = %5"
    `);
  });

  it('rewriteGelu shares the error function between GELU and its slope', async () => {
    const fn: TensorFunction = (_, { x }) => {
      const density = tf.mul(tf.exp(tf.mul(tf.square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      const cumulative = tf.mul(tf.add(tf.erf(tf.mul(x!, Math.SQRT1_2)), 1), 0.5);
      return { value: tf.mul(x!, cumulative), slope: tf.add(cumulative, tf.mul(x!, density)) };
    };
    expect(await checkPass(rewriteGelu, fn, options)).toMatchInlineSnapshot(`
      "%0: float32[rows,4] = Multiply(x, 0.7071068)
      %1: float32[rows,4] = Erf(%0)
      %2: float32[rows,4] = Add(%1, 1)
      %3: float32[rows,4] = Multiply(%0, %2)
      %4: float32[rows,4] = Multiply(%3, 0.7071068)
      %5: float32[rows,4] = Square(%0)
      %6: float32[rows,4] = Exp(%5)
      %7: float32[rows,4] = RealDiv(%0, %6)
      %8: float32[rows,4] = Multiply(%7, 1.128379)
      %9: float32[rows,4] = Add(%2, %8)
      %10: float32[rows,4] = Multiply(%9, 0.5)
      output value = %4
      output slope = %10"
    `);
  });

  it('all passes together, on a feed-forward block with gradients', async () => {
    const fn: TensorFunction = ({ w, b, g }, { x, y }) => {
      const { value: loss, grads } = tf.variableGrads(() => {
        const hidden = gelu(tf.add(tf.matMul(x as tf.Tensor2D, w as tf.Tensor as tf.Tensor2D), b!));
        return tf.mean<tf.Scalar>(tf.squaredDifference(layerNorm(hidden, g!, b!).value, y!));
      });
      return { loss, 'd w': grads.w!, 'd b': grads.b!, 'd g': grads.g! };
    };
    expect(await checkPass(simplifyForOnnx, fn, options)).toMatch(
      /LayerNormalization.*\n(.*\n)*.*ScaledMatMul/,
    );
  });
});
