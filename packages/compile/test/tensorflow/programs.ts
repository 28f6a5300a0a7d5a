import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import type { TensorFunction } from '../../src/trace/trace.js';

/** One random operation: a kind and which of the tensors so far it reads. */
export interface Operation {
  kind: keyof typeof kinds;
  a: number;
  b: number;
}

type Make = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

const last = (x: tf.Tensor) => x.shape.length - 1;
const reversed = (x: tf.Tensor) => x.shape.map((_, axis) => last(x) - axis);

// Comparisons have no gradient in tfjs, so a choice is by a constant.
const pattern = () => tf.greater(tf.tensor2d([1, 0, 1, 0, 0, 1], [2, 3]), 0.5);

// Where values tie, the last bit decides which one has the gradient; inputs are tenths, so these offsets keep them apart.
const offsets = () => tf.tensor2d([0.0123, 0.0371, 0.0789, 0.0213, 0.0447, 0.0951], [2, 3]);

const counts = () => tf.tensor2d([3, -7, 2, 5, -4, 1], [2, 3], 'int32');
const row = (value: number) => tf.tensor1d([value, -value, 2 * value]);
const int = (value: number) => tf.scalar(value, 'int32');
/** Small floats from integers, to go on with. */
const tenths = (x: tf.Tensor) => tf.mul(tf.cast(x, 'float32'), 0.1);

/** Operations that keep every tensor [2, 3] and every value small, so that errors do not grow. */
const kinds = {
  add: (a, b) => tf.add(a, b),
  sub: (a, b) => tf.sub(a, b),
  mul: (a, b) => tf.mul(tf.tanh(a), tf.tanh(b)),
  div: (a, b) => tf.div(a, tf.add(tf.square(b), 1)),
  maximum: (a, b) => tf.maximum(tf.add(a, 0.0123), b),
  squaredDifference: (a, b) => tf.tanh(tf.squaredDifference(a, b)),
  erf: (a) => tf.erf(a),
  sigmoid: (a) => tf.sigmoid(a),
  softplus: (a) => tf.softplus(tf.neg(a)),
  elu: (a) => tf.elu(a),
  relu: (a, b) => tf.add(tf.relu(tf.add(a, 0.0123)), b),
  leakyRelu: (a) => tf.leakyRelu(tf.add(a, 0.0123), 0.3),
  exp: (a) => tf.exp(tf.neg(tf.square(a))),
  log: (a) => tf.log1p(tf.square(a)),
  rsqrt: (a) => tf.rsqrt(tf.add(tf.square(a), 0.5)),
  abs: (a, b) => tf.mul(tf.abs(tf.add(a, 0.0123)), tf.sigmoid(b)),
  clip: (a) => tf.clipByValue(tf.add(a, 0.0123), -0.7, 0.4),
  where: (a, b) => tf.where(pattern(), tf.sin(a), tf.cos(b)),
  softmax: (a) => tf.softmax(a),
  logSoftmax: (a) => tf.logSoftmax(a),
  normalize: (a) => tf.sub(a, tf.mean(a, -1, true)),
  sum: (a, b) => tf.add(tf.tanh(tf.sum(a, 0, true)), b),
  max: (a, b) => tf.sub(a, tf.max(tf.add(b, offsets()), 1, true)),
  cumsum: (a) => tf.tanh(tf.cumsum(a, 1, true, true)),
  matMul: (a, b) => tf.tanh(tf.matMul(tf.matMul(a, b, false, true), a)),
  transpose: (a) => tf.reshape(tf.transpose(a, reversed(a)), [2, 3]),
  batched: (a, b) =>
    tf.reshape(
      tf.matMul(tf.reshape(a, [3, 2, 1]), tf.slice(tf.reshape(b, [3, 1, 2]), [0, 0, 0], [3, 1, 1])),
      [2, 3],
    ),
  slice: (a) =>
    tf.pad(
      tf.slice(a, [0, 1], [2, 2]),
      [
        [0, 0],
        [1, 0],
      ],
      0.25,
    ),
  concat: (a, b) => tf.concat([tf.slice(a, [0, 0], [1, 3]), tf.slice(b, [1, 0], [1, 3])], 0),
  gather: (a) => tf.gather(a, tf.tensor1d([1, 1], 'int32')),
  segmentSum: (a) => tf.unsortedSegmentSum(a, tf.tensor1d([1, 1], 'int32'), 2),
  tile: (a) => tf.tile(tf.slice(a, [0, 0], [1, 3]), [2, 1]),
  reverse: (a) => tf.reverse(a, 1),
  oneHot: (a, b) => tf.mul(tf.cast(tf.oneHot(tf.tensor1d([2, 0], 'int32'), 3), 'float32'), tf.sub(a, b)),
  split: (a) => tf.stack(tf.unstack(a).reverse()),
  constantFactors: (a, b) =>
    tf.mul(tf.mul(tf.mul(a, 0.5), tf.mul(tf.tanh(b), 3)), tf.add(tf.scalar(0.25), 0.25)),
  constantTerms: (a) => tf.tanh(tf.sub(tf.add(tf.add(tf.mul(a, -1), 0.3), tf.fill([2, 3], 0.4)), 0.1)),
  factorOfMean: (a, b) => tf.sub(b, tf.mean(tf.mul(tf.mul(a, 2), 0.25), 0, true)),
  gelu: (a) => tf.mul(a, tf.mul(tf.add(tf.erf(tf.mul(a, Math.SQRT1_2)), 1), 0.5)),
  layerNorm: (a) => {
    const centered = tf.sub(a, tf.mean(a, -1, true));
    const deviation = tf.rsqrt(tf.add(tf.mean(tf.square(centered), -1, true), 0.5));
    return tf.add(tf.mul(tf.mul(centered, deviation), row(0.5)), row(0.25));
  },
  dense: (a, b) => tf.tanh(tf.add(tf.matMul(tf.matMul(a, tf.mul(b, 0.5), false, true), b), row(0.125))),
  intFactors: (a) => tf.add(a, tenths(tf.sum(tf.mul(tf.mul(counts(), int(2)), int(3)), 0, true))),
  intTerms: (a) => tf.add(a, tenths(tf.mul(tf.add(tf.add(counts(), int(1)), int(-4)), int(-1)))),
  intMean: (a) => tf.sub(a, tf.mul(tf.mean(tf.mul(counts(), int(5)), 1, true), 0.05)),
  intDivision: (a) => tf.sub(a, tenths(tf.floorDiv(tf.reshape(tf.mul(counts(), int(3)), [2, 3]), int(2)))),
} satisfies Record<string, Make>;

export const program: fc.Arbitrary<Operation[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[])),
    a: fc.nat(20),
    b: fc.nat(20),
  }),
  { minLength: 1, maxLength: 8 },
);

/** A step that runs the program on a weight and an input, and takes one gradient step on the sum of its squares. */
export function stepOf(operations: readonly Operation[]): TensorFunction {
  return (variables, { x }) => {
    const weight = variables.weight!;
    const compute = () => {
      const tensors: tf.Tensor[] = [weight, x!];
      for (const { kind, a, b } of operations) {
        const make: Make = kinds[kind];
        tensors.push(make(tensors[a % tensors.length]!, tensors[b % tensors.length]!));
      }
      return tensors.at(-1)!;
    };
    const result = compute();
    // The weight itself is in the loss, so that it always has a gradient.
    const { value: loss, grads } = tf.variableGrads(
      () => tf.add(tf.sum(tf.square(compute())), tf.sum(tf.square(weight))) as tf.Scalar,
    );
    weight.assign(tf.sub(weight, tf.mul(grads[weight.name]!, 0.05)));
    return { loss, result };
  };
}
