import { elementCount } from '@mlm/base/shape';
import type { Node } from '../../../graph/graph.js';
import { type Emit, type EmitTable, number, numbers } from '../../emit.js';
import type { Builder, Reducer } from './builder.js';
import { array, type HloValue, shapeOf, typeText } from './types.js';

const LOWEST_INT = -(2 ** 31);
const HIGHEST_INT = 2 ** 31 - 1;

/** @param initial the result over no elements for floats; `other` is that for other types */
const reduced =
  (reducer: Reducer, initial: number, other = initial): Emit<Builder, HloValue> =>
  (to, node, x) => {
    const start = x.dtype === 'float32' ? initial : other;
    return to.reshape(to.reduce(x, numbers(node, 'axes'), reducer, start), shapeOf(node));
  };

/** Operations that work along axes. */
export const reduction: EmitTable<Builder, HloValue> = {
  Sum: reduced('add', 0),
  Prod: reduced('multiply', 1),
  Max: reduced('maximum', Number.NEGATIVE_INFINITY, LOWEST_INT),
  Min: reduced('minimum', Number.POSITIVE_INFINITY, HIGHEST_INT),
  All: reduced('and', 1),
  Any: reduced('or', 0),
  Mean: (to, node, x) => {
    const axes = numbers(node, 'axes');
    const sum = to.reduce(to.cast(x, 'float32'), axes, 'add', 0);
    const count = elementCount(axes.map((axis) => x.shape[axis]!));
    return to.reshape(to.same('stablehlo.divide', sum, to.like(count, sum)), shapeOf(node));
  },
  ArgMax: (to, node, x) => argument(node, x, to, 'GT', Number.NEGATIVE_INFINITY, LOWEST_INT),
  ArgMin: (to, node, x) => argument(node, x, to, 'LT', Number.POSITIVE_INFINITY, HIGHEST_INT),
  Softmax: (to, _, x) => {
    const { exponentials, sums } = shifted(to, to.cast(x, 'float32'));
    return to.same('stablehlo.divide', exponentials, sums);
  },
  LogSoftmax: (to, _, x) => {
    const { differences, sums } = shifted(to, to.cast(x, 'float32'));
    return to.same('stablehlo.subtract', differences, to.same('stablehlo.log', sums));
  },
  // Each window ends at its element and begins before the first; the padding is 0.
  Cumsum: (to, node, x) => {
    const axis = number(node, 'axis');
    const { exclusive, reverse } = node.attributes;
    const length = x.shape[axis]!;
    if (length === 0) return x;
    const at = (value: number, others = 0) => x.shape.map((_, i) => (i === axis ? value : others));
    const none = at(0);
    const [before, after] = reverse ? [none, at(length - 1)] : [at(length - 1), none];
    const source = exclusive ? (reverse ? to.pad(x, 0, at(-1), at(1)) : to.pad(x, 0, at(1), at(-1))) : x;
    const pairs = before.map((low, i) => `[${low}, ${after[i]}]`);
    return to.generic(
      'stablehlo.reduce_window',
      [source, to.full(0, [], x.dtype)],
      `window_dimensions = ${array(at(length, 1))}, ` +
        `padding = dense<[${pairs.join(', ')}]> : tensor<${pairs.length}x2xi64>`,
      to.combiner('add', x.dtype),
      [x],
    )[0]!;
  },
  // Sums over all devices that run the program.
  DeviceSum: (to, _, x) => {
    const { replicas = 1 } = to.options;
    if (replicas === 1) return x;
    const all = Array.from({ length: replicas }, (_, replica) => replica).join(', ');
    const groups = `replica_groups = dense<[[${all}]]> : tensor<1x${replicas}xi64>`;
    return to.generic('stablehlo.all_reduce', [x], groups, to.combiner('add', x.dtype), [x])[0]!;
  },
};

/** x minus its maximum along the last axis, the exponentials of that, and their sums, broadcast along the axis. */
function shifted(to: Builder, x: HloValue) {
  const axis = x.shape.length - 1;
  const others = Array.from({ length: axis }, (_, i) => i);
  const top = to.reduce(x, [axis], 'maximum', Number.NEGATIVE_INFINITY);
  const differences = to.same('stablehlo.subtract', x, to.broadcastIn(top, x.shape, others));
  const exponentials = to.same('stablehlo.exponential', differences);
  const sums = to.reduce(exponentials, [axis], 'add', 0);
  return { differences, exponentials, sums: to.broadcastIn(sums, x.shape, others) };
}

/** The index of the first largest or smallest element. */
function argument(
  node: Node,
  given: HloValue,
  to: Builder,
  better: 'GT' | 'LT',
  initial: number,
  initialInt: number,
): HloValue {
  const axis = number(node, 'axis');
  const x = given.dtype === 'bool' ? to.cast(given, 'int32') : given;
  const order = x.dtype === 'float32' ? 'FLOAT' : 'SIGNED';
  const places = to.iota(x.shape, axis, 'int32');
  const starts = [
    to.full(x.dtype === 'float32' ? initial : initialInt, [], x.dtype),
    to.full(0, [], 'int32'),
  ];
  const value = typeText({ shape: [], dtype: x.dtype });
  const place = typeText({ shape: [], dtype: 'int32' });
  const bool = typeText({ shape: [], dtype: 'bool' });
  const [a, i, b, j] = [to.fresh(), to.fresh(), to.fresh(), to.fresh()];
  const [wins, ties, first, tieFirst, left, best, at] = Array.from({ length: 7 }, () => to.fresh());
  const compared = `(${value}, ${value}) -> ${bool}`;
  const region = [
    `^bb0(${a}: ${value}, ${i}: ${place}, ${b}: ${value}, ${j}: ${place}):`,
    `  ${wins} = stablehlo.compare ${better}, ${a}, ${b}, ${order} : ${compared}`,
    `  ${ties} = stablehlo.compare EQ, ${a}, ${b}, ${order} : ${compared}`,
    `  ${first} = stablehlo.compare LT, ${i}, ${j}, SIGNED : (${place}, ${place}) -> ${bool}`,
    `  ${tieFirst} = stablehlo.and ${ties}, ${first} : ${bool}`,
    `  ${left} = stablehlo.or ${wins}, ${tieFirst} : ${bool}`,
    `  ${best} = stablehlo.select ${left}, ${a}, ${b} : ${bool}, ${value}`,
    `  ${at} = stablehlo.select ${left}, ${i}, ${j} : ${bool}, ${place}`,
    `  stablehlo.return ${best}, ${at} : ${value}, ${place}`,
  ];
  const shape = shapeOf(node);
  return to.generic('stablehlo.reduce', [x, places, ...starts], `dimensions = ${array([axis])}`, region, [
    { shape, dtype: x.dtype },
    { shape, dtype: 'int32' },
  ])[1]!;
}
