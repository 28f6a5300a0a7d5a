import { type Dimension, isSymbolic, type Shape } from '../../../graph/dimension.js';
import { DROPOUT_MASK } from '../../../primitives/dropout-mask.js';
import type { Emitter } from '../../onnx/emit/emitter.js';
import { lowerings } from '../../onnx/emit/index.js';
import type { Lowering } from '../../onnx/emit/lowering.js';
import { DATA_TYPE } from '../../onnx/protobuf.js';

/**
 * Forms of operations for GPU providers: others where the usual ones would fall back to the CPU, and the tensors with
 * them (found by onnxruntime's profile): FusedMatMul and OneHot on WebGPU, and dropout masks, which the CPU draws outside the graph.
 */
export const emitters: Readonly<Record<string, Lowering>> = {
  ...lowerings,
  BatchMatMul: (e, [a, b], { attributes, inputs }) => {
    const { transposeA, transposeB } = attributes;
    const ranks = inputs.map(({ shape }) => shape.length) as [number, number];
    if (ranks.every((rank) => rank === 2) && (transposeA || transposeB)) {
      return e.op('Gemm', [a!, b!], { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 });
    }
    const left = transposeA ? swapLast(e, a!, ranks[0]) : a!;
    return e.op('MatMul', [left, transposeB ? swapLast(e, b!, ranks[1]) : b!]);
  },
  OneHot: (e, [indices], { attributes, inputs, outputs }) => {
    const dtype = outputs[0]!.dtype;
    const wide = e.op('Unsqueeze', [indices!, e.ints([inputs[0]!.shape.length])]);
    const chosen = e.op('Equal', [wide, steps(e, attributes.depth as Dimension)]);
    const [on, off] = [attributes.onValue, attributes.offValue] as [number, number];
    return e.op('Where', [chosen, e.scalar(on, dtype), e.scalar(off, dtype)]);
  },
  [DROPOUT_MASK]: (e, [key], { attributes, outputs }) => {
    const { rate, stream } = attributes as { rate: number; stream: number };
    const unsigned = (x: string) => e.op('Cast', [x], { to: DATA_TYPE.uint32 });
    const counter = counters(e, outputs[0]!.shape, mixedKey(e, key!, stream, FIRST));
    const words = hash(e, unsigned(counter), unsigned(mixedKey(e, key!, stream, SECOND)));
    const share = e.op('Mul', [e.op('Cast', [words], { to: DATA_TYPE.float32 }), e.scalar(2 ** -32)]);
    const kept = e.op('GreaterOrEqual', [share, e.scalar(rate)]);
    return e.op('Mul', [e.op('Cast', [kept], { to: DATA_TYPE.float32 }), e.scalar(1 / (1 - rate))]);
  },
};

function swapLast(e: Emitter, x: string, rank: number): string {
  const perm = Array.from({ length: rank }, (_, axis) => axis);
  return e.op('Transpose', [x], { perm: [...perm.slice(0, -2), rank - 1, rank - 2] });
}

/** 0, 1, 2, … as int32. */
function steps(e: Emitter, size: Dimension): string {
  if (!isSymbolic(size))
    return e.constant(
      Array.from({ length: size }, (_, i) => i),
      'int32',
      [size],
    );
  const end = e.op('Reshape', [e.size(size), e.ints([])]);
  const range = e.op('Range', [e.constant([0], 'int64', []), end, e.constant([1], 'int64', [])]);
  return e.op('Cast', [range], { to: DATA_TYPE.int32 });
}

const ROUNDS = 4;
// Odd numbers of 32 bits (of the golden ratio, murmur3 and xxHash); int32 products wrap.
const FIRST = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d].map((word) => word | 0);
const SECOND = [0x27d4eb2f, 0x165667b1, 0x85ebca6b].map((word) => word | 0);

/** One int32 [1] of the key's two numbers and the stream. */
function mixedKey(e: Emitter, key: string, stream: number, factors: readonly number[]): string {
  const [seed, step, drawn] = factors as [number, number, number];
  const weighted = e.op('Mul', [key, e.constant([seed, step], 'int32', [2])]);
  const sum = e.op('ReduceSum', [weighted, e.ints([0])], { keepdims: 1 });
  return e.op('Add', [sum, e.constant([Math.imul(stream + 1, drawn)], 'int32', [1])]);
}

/**
 * The index of each element plus `start`, built up axis by axis: the first sum already depends on the key, so that the
 * runtime does not fold it all into a constant as large as the mask.
 */
function counters(e: Emitter, shape: Shape, start: string): string {
  return shape.reduce<string>((counter, size, axis) => {
    const after = shape.slice(axis + 1);
    const column = e.op('Reshape', [steps(e, size), e.ints([-1, ...after.map(() => 1)])]);
    const stride = after
      .map((dimension) => e.op('Cast', [e.size(dimension)], { to: DATA_TYPE.int32 }))
      .reduce((product, length) => e.op('Mul', [product, length]), e.constant([1], 'int32', [1]));
    return e.op('Add', [counter, e.op('Mul', [column, stride])]);
  }, start);
}

/**
 * Four rounds of RC6's permutation x·(2x + 1), a key added and the halves swapped, on uint32. WebGPU has no kernels for
 * shifts or exclusive or, so the halves are swapped by a division and a product.
 */
function hash(e: Emitter, counter: string, key: string): string {
  const number = (value: number) => e.constant([value], 'uint32', []);
  let x = e.op('Mul', [counter, number(0x9e3779b1)]);
  for (let round = 0; round < ROUNDS; round++) {
    const odd = e.op('Add', [e.op('Mul', [x, number(2)]), number(1)]);
    const mixed = e.op('Add', [e.op('Mul', [x, odd]), key]);
    x = e.op('Add', [e.op('Div', [mixed, number(2 ** 16)]), e.op('Mul', [mixed, number(2 ** 16)])]);
  }
  return x;
}
