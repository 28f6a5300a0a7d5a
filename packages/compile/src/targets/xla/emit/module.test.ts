import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { specialize } from '../../../graph/specialize.js';
import { sumOverDevices } from '../../../primitives/device-sum.js';
import { type TensorFunction, trace } from '../../../trace/trace.js';
import { toStableHlo } from './module.js';

const layer: TensorFunction = ({ weight, rest }, { x, rate }) => {
  const { value: loss, grads } = tf.variableGrads(
    () => tf.sum(tf.square(tf.softmax(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D)))) as tf.Scalar,
    [weight!],
  );
  weight!.assign(tf.sub(weight!, tf.mul(sumOverDevices(grads[weight!.name]!), rate!)));
  return { loss, rest: rest! };
};
const graph = trace(layer, {
  variables: { rest: { shape: [2] }, weight: { shape: [4, 3] } },
  inputs: { x: { shape: ['rows', 4], dtype: 'float32' }, rate: { shape: [], dtype: 'float32' } },
});
const emit = (rows: number, options: Parameters<typeof toStableHlo>[1] = {}) =>
  toStableHlo(specialize(graph, new Map([['rows', rows]])), options);

describe('toStableHlo', () => {
  it('donates the assigned variables, and names parameters and results in order', () => {
    const { text, parameters, assigned, outputs } = emit(5);
    expect(parameters).toEqual([
      { name: 'weight', variable: true },
      { name: 'rest', variable: true },
      { name: 'x', variable: false },
      { name: 'rate', variable: false },
    ]);
    expect([assigned, outputs]).toEqual([['weight'], ['loss', 'rest']]);
    expect(text).toContain(
      '@main(%arg0: tensor<4x3xf32> {tf.aliasing_output = 0 : i32}, %arg1: tensor<2xf32>, %arg2: tensor<5x4xf32>, ' +
        '%arg3: tensor<f32>) -> (tensor<4x3xf32>, tensor<f32>, tensor<2xf32>)',
    );
  });

  it('writes equal graphs as equal texts, and each set of sizes as its own', () => {
    expect(emit(5)).toEqual(emit(5));
    expect(emit(6).text).toContain('tensor<6x4xf32>');
  });

  it('requests exact products in fp32, and leaves the choice to the device in tf32', () => {
    expect(emit(5).text).toContain('precision = [HIGHEST, HIGHEST]');
    expect(emit(5).text).not.toContain('bf16');
    expect(emit(5, { precision: 'tf32' }).text).toContain('precision = [DEFAULT, DEFAULT]');
  });

  it('keeps activations in bfloat16 in bf16: products, softmax; not weights and their gradients', () => {
    const { text } = emit(5, { precision: 'bf16' });
    expect(text).toMatch(/dot_general .*\(tensor<5x4xbf16>, tensor<4x3xbf16>\) -> tensor<5x3xbf16>/);
    expect(text).toMatch(/dot_general .*\(tensor<5x4xbf16>, tensor<5x3xbf16>\) -> tensor<4x3xf32>/);
    const softmax = /(%v\d+) = stablehlo\.divide .*tensor<5x3xf32>/.exec(text)![1]!;
    expect(text).toContain(`stablehlo.convert ${softmax} : (tensor<5x3xf32>) -> tensor<5x3xbf16>`);
    expect(text).not.toContain('tensor<2xbf16>');
  });

  it('sums over the devices where there are several', () => {
    expect(emit(5).text).not.toContain('all_reduce');
    const { text } = emit(5, { replicas: 2 });
    expect(text).toContain('mhlo.num_replicas = 2');
    expect(text).toContain('replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>');
  });
});
