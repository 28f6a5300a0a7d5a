import { elementCount } from '@mlm/base/shape';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectSameValues, sample } from '../../../testing/compare.fixture.js';
import { kernels } from '../../../trace/kernels/index.js';
import { trace } from '../../../trace/trace.js';

interface Input {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}
interface Case {
  readonly fn: (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
  readonly inputs: readonly Input[];
}

const floats = (...shape: number[]): Input => ({ shape, data: sample(elementCount(shape)) });
const others = (...shape: number[]): Input => ({
  shape,
  data: sample(elementCount(shape), 2),
});
const positive = (...shape: number[]): Input => ({ shape, data: floats(...shape).data.map(Math.abs) });
const ints = (values: readonly number[], shape: readonly number[] = [values.length]): Input => ({
  shape,
  data: Int32Array.from(values),
});
const special: Input = { shape: [6], data: Float32Array.of(1, -2, Number.NaN, Infinity, -Infinity, 0) };

const unary = (fn: (x: tf.Tensor) => tf.Tensor, input = floats(3, 4)): Case => ({ fn, inputs: [input] });
const binary = (fn: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, a = floats(3, 4), b = others(3, 4)): Case => ({
  fn,
  inputs: [a, b],
});
const largest = 2 ** 31 - 1;
const counted = [ints([5, -7, 8, 3, 0, -9]), ints([2, 3, -3, 7, 4, 2])] as const;

/** At least one case for every kernel that can be traced, named after it. */
const cases: Readonly<Record<string, readonly Case[]>> = {
  Abs: [unary(tf.abs)],
  Ceil: [unary(tf.ceil)],
  Cos: [unary(tf.cos)],
  Cosh: [unary(tf.cosh)],
  Elu: [unary(tf.elu)],
  EluGrad: [unary((x) => tf.grad((y) => tf.sum(tf.elu(y)))(x))],
  Erf: [unary(tf.erf)],
  Exp: [unary(tf.exp)],
  Expm1: [unary(tf.expm1)],
  Floor: [unary(tf.floor)],
  IsFinite: [unary(tf.isFinite, special)],
  IsInf: [unary(tf.isInf, special)],
  IsNan: [unary(tf.isNaN, special)],
  LeakyRelu: [unary((x) => tf.leakyRelu(x, 0.3))],
  Log: [unary(tf.log, positive(3, 4))],
  Log1p: [unary(tf.log1p, positive(3, 4))],
  LogicalNot: [unary((x) => tf.logicalNot(tf.greater(x, 0)))],
  Neg: [unary(tf.neg), unary(tf.neg, counted[0])],
  Reciprocal: [unary(tf.reciprocal)],
  Relu: [unary(tf.relu)],
  Relu6: [unary((x) => tf.relu6(tf.mul(x, 5)))],
  Round: [unary(tf.round), unary(tf.round, { shape: [4], data: Float32Array.of(0.5, 1.5, -0.5, 2.5) })],
  Rsqrt: [unary(tf.rsqrt, positive(3, 4))],
  Selu: [unary(tf.selu)],
  Sigmoid: [unary(tf.sigmoid)],
  Sign: [unary(tf.sign)],
  Sin: [unary(tf.sin)],
  Sinh: [unary(tf.sinh)],
  Softplus: [unary(tf.softplus)],
  Sqrt: [unary(tf.sqrt, positive(3, 4))],
  Square: [unary(tf.square)],
  Step: [unary((x) => tf.step(x, 0.1))],
  Tan: [unary(tf.tan)],
  Tanh: [unary(tf.tanh)],
  ClipByValue: [unary((x) => tf.clipByValue(x, -0.5, 0.7))],
  Identity: [unary((x) => tf.add(x.clone(), x))],
  Cast: [
    unary((x) => tf.cast(x, 'int32')),
    unary((x) => tf.cast(x, 'bool'), { shape: [3], data: Float32Array.of(0, 2, -1) }),
    unary((x) => tf.cast(tf.greater(x, 0), 'float32')),
  ],
  Add: [binary(tf.add), binary(tf.add, ...counted), binary(tf.add, floats(2, 3, 4), others(3, 1))],
  Sub: [binary(tf.sub)],
  Multiply: [binary(tf.mul), binary(tf.mul, ...counted)],
  RealDiv: [binary(tf.div)],
  FloorDiv: [
    binary(tf.floorDiv, ...counted),
    binary(
      tf.floorDiv,
      ints([largest, largest, -largest, -largest - 1, largest - 1, 7, -7, 0]),
      ints([2, 3, 2, -1, largest, 0, 0, 5]),
    ),
  ],
  Maximum: [binary(tf.maximum)],
  Minimum: [binary(tf.minimum)],
  Mod: [binary(tf.mod), binary(tf.mod, ...counted)],
  Pow: [binary(tf.pow, positive(3, 4))],
  SquaredDifference: [binary(tf.squaredDifference)],
  Prelu: [binary(tf.prelu, floats(3, 4), others(4))],
  Equal: [binary(tf.equal, ...counted), binary((a, b) => tf.equal(tf.greater(a, 0), tf.greater(b, 0)))],
  NotEqual: [binary(tf.notEqual, ...counted)],
  Greater: [binary(tf.greater)],
  GreaterEqual: [binary(tf.greaterEqual, ...counted)],
  Less: [binary(tf.less)],
  LessEqual: [binary(tf.lessEqual, ...counted)],
  LogicalAnd: [binary((a, b) => tf.logicalAnd(tf.greater(a, 0), tf.greater(b, 0)))],
  LogicalOr: [binary((a, b) => tf.logicalOr(tf.greater(a, 0), tf.greater(b, 0)))],
  Select: [binary((a, b) => tf.where(tf.greater(a, b), a, b))],
  Sum: [
    unary((x) => tf.sum(x)),
    unary((x) => tf.sum(x, [0, 2], true), floats(2, 3, 4)),
    unary((x) => tf.sum(tf.greater(x, 0))),
  ],
  Mean: [unary((x) => tf.mean(x, -1)), unary((x) => tf.mean(x), counted[0])],
  Max: [unary((x) => tf.max(x, 0))],
  Min: [unary((x) => tf.min(x, 1, true))],
  Prod: [unary((x) => tf.prod(x, 1))],
  All: [unary((x) => tf.all(tf.greater(x, -0.5), 0))],
  Any: [unary((x) => tf.any(tf.greater(x, 1.5), 1))],
  ArgMax: [unary((x) => tf.argMax(x, -1))],
  ArgMin: [unary((x) => tf.argMin(x, 0))],
  Softmax: [unary((x) => tf.softmax(x))],
  LogSoftmax: [unary((x) => tf.logSoftmax(x))],
  Cumsum: [unary((x) => tf.cumsum(x, 1)), unary((x) => tf.cumsum(x, 0, true, true))],
  Reshape: [unary((x) => tf.reshape(x, [2, -1]))],
  ExpandDims: [unary((x) => tf.mul(tf.expandDims(x, -1), 2))],
  Transpose: [unary((x) => tf.transpose(x, [2, 0, 1]), floats(2, 3, 4))],
  Slice: [unary((x) => tf.slice(x, [1, 0], [-1, 2]))],
  PadV2: [
    unary((x) =>
      tf.pad(
        x,
        [
          [1, 0],
          [2, 1],
        ],
        3,
      ),
    ),
  ],
  Tile: [unary((x) => tf.tile(x, [2, 3]))],
  BroadcastTo: [unary((x) => tf.broadcastTo(x, [2, 3, 4]))],
  Reverse: [unary((x) => tf.reverse(x, 1))],
  Concat: [binary((a, b) => tf.concat([a, b, a], 1), floats(3, 4), others(3, 4))],
  Pack: [binary((a, b) => tf.stack([a, b], 1))],
  Unpack: [{ fn: (x) => tf.unstack(x!, 1), inputs: [floats(3, 4)] }],
  SplitV: [{ fn: (x) => tf.split(x!, [1, 3], 1), inputs: [floats(3, 4)] }],
  BatchMatMul: [
    binary((a, b) => tf.matMul(a, b), floats(3, 4), others(4, 2)),
    binary((a, b) => tf.matMul(a, b, true, true), floats(4, 3), others(2, 4)),
    binary((a, b) => tf.matMul(a, b, false, true), floats(2, 3, 4), others(2, 5, 4)),
  ],
  GatherV2: [
    { fn: (x, i) => tf.gather(x!, i as tf.Tensor1D), inputs: [floats(4, 3), ints([3, 0, 0])] },
    {
      fn: (x, i) => tf.gather(x!, i as tf.Tensor1D, 1),
      inputs: [floats(2, 4, 3), ints([1, 3, 2, 0], [2, 2])],
    },
  ],
  GatherNd: [{ fn: (x, i) => tf.gatherND(x!, i!), inputs: [floats(3, 4), ints([0, 1, 2, 3], [2, 2])] }],
  ScatterNd: [
    {
      fn: (i, x) => tf.scatterND(i!, x!, [5, 2]),
      inputs: [ints([4, 1, 4], [3, 1]), floats(3, 2)],
    },
  ],
  UnsortedSegmentSum: [
    {
      fn: (x, i) => tf.unsortedSegmentSum(x!, i as tf.Tensor1D, 4),
      inputs: [floats(5, 2), ints([3, 0, 3, 3, 1])],
    },
  ],
  OneHot: [{ fn: (i) => tf.oneHot(i!, 4, 2, -1), inputs: [ints([2, 0, 3])] }],
  TopK: [
    {
      fn: (x) => {
        const { values, indices } = tf.topk(x!, 2);
        return [values, indices];
      },
      inputs: [floats(3, 4)],
    },
  ],
  Fill: [unary((x) => tf.add(x, tf.fill([3, 4], 2.5)))],
  ZerosLike: [unary((x) => tf.add(x, tf.zerosLike(x)))],
  OnesLike: [unary((x) => tf.add(x, tf.onesLike(x)))],
  Range: [unary((x) => tf.add(x, tf.range(1, 5)))],
};

describe('operations in onnxruntime', () => {
  it('are all tested', () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(kernels).sort());
  });

  describe.each(Object.entries(cases))('%s', (_name, list) => {
    it.each(list.map((value, i) => [i, value] as const))('case %i', async (_, { fn, inputs }) => {
      await expectSameValues(fn, inputs);
    });
  });

  it('names the kernel that cannot be traced', () => {
    const specs = { inputs: { x: { shape: [1, 4, 4, 1], dtype: 'float32' } } } as const;
    expect(() => trace((_, { x }) => ({ y: tf.maxPool(x as tf.Tensor4D, 2, 2, 'same') }), specs)).toThrow(
      /MaxPool/,
    );
  });
});
