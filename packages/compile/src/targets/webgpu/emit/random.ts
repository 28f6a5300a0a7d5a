import type { Shape } from '../../../graph/dimension.js';
import { DROPOUT_MASK } from '../../../primitives/dropout-mask.js';
import type { EmitTable } from '../../emit.js';
import type { ModelBuilder } from '../../onnx/emit/builder.js';
import { DATA_TYPE } from '../../onnx/protobuf.js';
import { steps } from './lookup.js';

/** Dropout masks, which our own kernels draw when onnxruntime runs on the CPU. */
export const random: EmitTable<ModelBuilder> = {
  [DROPOUT_MASK]: (to, { attributes, outputs }, key) => {
    const { rate, stream } = attributes as { rate: number; stream: number };
    const unsigned = (x: string) => to.op('Cast', [x], { to: DATA_TYPE.uint32 });
    const counter = counters(to, outputs[0]!.shape, mixedKey(to, key, stream, FIRST));
    const words = hash(to, unsigned(counter), unsigned(mixedKey(to, key, stream, SECOND)));
    const share = to.op('Mul', [to.op('Cast', [words], { to: DATA_TYPE.float32 }), to.scalar(2 ** -32)]);
    const kept = to.op('GreaterOrEqual', [share, to.scalar(rate)]);
    return to.op('Mul', [to.op('Cast', [kept], { to: DATA_TYPE.float32 }), to.scalar(1 / (1 - rate))]);
  },
};

const ROUNDS = 4;
// Odd numbers of 32 bits (of the golden ratio, murmur3 and xxHash); int32 products wrap.
const FIRST = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d].map((word) => word | 0);
const SECOND = [0x27d4eb2f, 0x165667b1, 0x85ebca6b].map((word) => word | 0);

/** Combines the key's two numbers and the stream into int32 [1]. */
function mixedKey(to: ModelBuilder, key: string, stream: number, factors: readonly number[]): string {
  const [seed, step, drawn] = factors as [number, number, number];
  const weighted = to.op('Mul', [key, to.constant([seed, step], 'int32', [2])]);
  const sum = to.op('ReduceSum', [weighted, to.ints([0])], { keepdims: 1 });
  return to.op('Add', [sum, to.constant([Math.imul(stream + 1, drawn)], 'int32', [1])]);
}

/**
 * The index of each element plus `start`, built up axis by axis. Because the first sum depends on the key, the runtime
 * cannot fold the indices into a constant as large as the mask.
 */
function counters(to: ModelBuilder, shape: Shape, start: string): string {
  return shape.reduce<string>((counter, size, axis) => {
    const after = shape.slice(axis + 1);
    const column = to.op('Reshape', [steps(to, size), to.ints([-1, ...after.map(() => 1)])]);
    const stride = after
      .map((dimension) => to.op('Cast', [to.size(dimension)], { to: DATA_TYPE.int32 }))
      .reduce((product, length) => to.op('Mul', [product, length]), to.constant([1], 'int32', [1]));
    return to.op('Add', [counter, to.op('Mul', [column, stride])]);
  }, start);
}

/**
 * Four rounds of RC6's permutation x·(2x + 1) on uint32, each followed by adding a key and swapping the halves.
 * onnxruntime has no WebGPU kernels for shifts and exclusive or, so that the swap is a division and a product.
 */
function hash(to: ModelBuilder, counter: string, key: string): string {
  const number = (value: number) => to.constant([value], 'uint32', []);
  let x = to.op('Mul', [counter, number(0x9e3779b1)]);
  for (let round = 0; round < ROUNDS; round++) {
    const odd = to.op('Add', [to.op('Mul', [x, number(2)]), number(1)]);
    const mixed = to.op('Add', [to.op('Mul', [x, odd]), key]);
    x = to.op('Add', [to.op('Div', [mixed, number(2 ** 16)]), to.op('Mul', [mixed, number(2 ** 16)])]);
  }
  return x;
}
