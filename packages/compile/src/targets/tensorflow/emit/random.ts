import { elementCount } from '@mlm/base/shape';
import { isSymbolic, type Shape, staticShape } from '../../../graph/dimension.js';
import { type EmitTable, number } from '../../emit.js';
import { attribute } from '../protobuf/attribute.js';
import type { GraphBuilder, TensorName } from './builder.js';
import { result } from './types.js';

const float32 = attribute.type('float32');
const int32 = attribute.type('int32');
const PHILOX = 1;

/** Random numbers that depend only on a key. */
export const random: EmitTable<GraphBuilder> = {
  /**
   * 0 or 1 / (1 − rate), from 16 bits per element of TensorFlow's own Philox generator, with the mask's key and with
   * the stream in the upper half of the counter. The numbers are stateless, but not those of the other engines.
   */
  DropoutMask: (to, node, key) => {
    const threshold = Math.round(number(node, 'rate') * 2 ** 16);
    const draws = draw16(key, number(node, 'stream'), result(node).shape, to);
    const bound = to.add('Cast', [to.scalar(threshold, 'int32')], {
      SrcT: int32,
      DstT: attribute.type('uint16'),
    });
    const kept = to.add('GreaterEqual', [draws, bound], { T: attribute.type('uint16') });
    const ones = to.add('Cast', [kept], { SrcT: attribute.type('bool'), DstT: float32 });
    return to.add('Mul', [ones, to.scalar(1 / (1 - threshold / 2 ** 16), 'float32')], { T: float32 });
  },
};

/** Random uint16 numbers of a shape, two per word. */
function draw16(key: TensorName, stream: number, shape: Shape, to: GraphBuilder): TensorName {
  const wide = { T: int32, type: attribute.type('uint64') };
  const count = countOf(shape, to);
  const half = [to.add('AddV2', [count, to.scalar(1, 'int32')], { T: int32 }), to.scalar(2, 'int32')];
  const words = vector(to.add('FloorDiv', half, { T: int32 }), to);
  const key64 = to.add(
    'Bitcast',
    [to.add('Reshape', [key, to.integers([1, 2])], { T: int32, Tshape: int32 })],
    wide,
  );
  const counter = to.add('Bitcast', [to.constant(Int32Array.of(0, 0, stream, 0), [2, 2], 'int32')], wide);
  const attr = { dtype: attribute.type('uint32'), Tshape: int32 };
  const bits = to.add(
    'StatelessRandomUniformFullIntV2',
    [words, key64, counter, to.scalar(PHILOX, 'int32')],
    attr,
  );
  const T = attribute.type('uint16');
  const pairs = to.add('Bitcast', [bits], { T: attribute.type('uint32'), type: T });
  const flat = to.add('Reshape', [pairs, to.integers([-1])], { T, Tshape: int32 });
  const enough = to.add('Slice', [flat, to.integers([0]), vector(count, to)], { T, Index: int32 });
  return to.add('Reshape', [enough, to.shape(shape)], { T, Tshape: int32 });
}

/** The number of elements as an int32 scalar, computed at run time if a size is named. */
function countOf(shape: Shape, to: GraphBuilder): TensorName {
  if (!shape.some(isSymbolic)) return to.scalar(elementCount(staticShape(shape)), 'int32');
  const attr = { T: int32, Tidx: int32, keep_dims: attribute.flag(false) };
  return to.add('Prod', [to.shape(shape), to.integers([0])], attr);
}

const vector = (scalar: TensorName, to: GraphBuilder): TensorName =>
  to.add('Reshape', [scalar, to.integers([1])], { T: int32, Tshape: int32 });
