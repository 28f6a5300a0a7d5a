import { type Dimension, isSymbolic } from '../graph/dimension.js';
import type { Attributes, DType, Node, TypedArray } from '../graph/graph.js';
import { LAYER_NORMALIZATION } from '../simplify/layer_norm.js';
import { SCALED_MATMUL } from '../simplify/matmul.js';
import type { Emitter } from './emitter.js';
import { DATA_TYPE } from './protobuf.js';

/** Turns one node into ONNX nodes and returns the names of its outputs. `x` are the names of its inputs. */
export type Lowering = (emitter: Emitter, x: readonly string[], node: Node) => string | readonly string[];

const direct =
  (opType: string): Lowering =>
  (e, x) =>
    e.op(opType, x);

const same = (...names: string[]): Record<string, Lowering> =>
  Object.fromEntries(names.map((name) => [name, direct(name)]));

const dims = (attributes: Attributes, name: string): readonly Dimension[] =>
  attributes[name] as readonly Dimension[];
const ints = (attributes: Attributes, name: string): readonly number[] =>
  attributes[name] as readonly number[];
const dtypeOf = (node: Node): DType => node.outputs[0]!.dtype;
const inputType = (node: Node): DType => node.inputs[0]!.dtype;

/** A cast of a boolean to a number where an ONNX operation knows no booleans, and back. */
const onNumbers =
  (lowering: Lowering): Lowering =>
  (e, x, node) => {
    if (inputType(node) !== 'bool') return lowering(e, x, node);
    const numbers = x.map((name) => e.op('Cast', [name], { to: DATA_TYPE.int32 }));
    const result = lowering(e, numbers, node);
    return dtypeOf(node) === 'bool' && typeof result === 'string' && !COMPARISONS.has(node.op)
      ? e.op('Cast', [result], { to: DATA_TYPE.bool })
      : result;
  };

const COMPARISONS = new Set(['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual']);

const reduce =
  (opType: string): Lowering =>
  (e, [x], { attributes }) =>
    e.op(opType, [x!, e.ints(ints(attributes, 'axes'))], {
      keepdims: attributes.keepDims ? 1 : 0,
    });

const argument =
  (opType: string): Lowering =>
  (e, [x], { attributes }) =>
    e.op('Cast', [e.op(opType, [x!], { axis: attributes.axis as number, keepdims: 0 })], {
      to: DATA_TYPE.int32,
    });

/** Adds rows into zeros, at the places that the last axis of `indices` names. */
const scatterAdd = (
  e: Emitter,
  shape: readonly Dimension[],
  indices: string,
  updates: string,
  dtype: DType,
) => {
  const zeros = e.op('Expand', [e.scalar(0, dtype), e.shape(shape)]);
  return e.op('ScatterND', [zeros, e.op('Cast', [indices], { to: DATA_TYPE.int64 }), updates], {
    reduction: 'add',
  });
};

const fill = (e: Emitter, shape: readonly Dimension[], value: number | Dimension, dtype: DType): string => {
  const scalar = isSymbolic(value)
    ? e.op('Cast', [e.op('Reshape', [e.size(value), e.ints([])])], { to: DATA_TYPE[dtype] })
    : e.scalar(value, dtype);
  return shape.length === 0 ? scalar : e.op('Expand', [scalar, e.shape(shape)]);
};

const add = (e: Emitter, values: readonly Dimension[], others: readonly Dimension[]): string =>
  e.op('Add', [e.shape(values), e.shape(others)]);

/** How each operation of the graph is written in ONNX, standard operators of opset 21 wherever one fits. */
export const lowerings: Readonly<Record<string, Lowering>> = {
  ...same('Abs', 'Ceil', 'Cos', 'Cosh', 'Elu', 'Erf', 'Exp', 'Floor', 'Log', 'Reciprocal', 'Relu'),
  ...same('Selu', 'Sigmoid', 'Sin', 'Sinh', 'Softplus', 'Sqrt', 'Tan', 'Tanh', 'Neg'),
  Expm1: (e, [x]) => e.op('Sub', [e.op('Exp', [x!]), e.scalar(1)]),
  Log1p: (e, [x]) => e.op('Log', [e.op('Add', [x!, e.scalar(1)])]),
  Relu6: (e, [x], node) => e.op('Clip', [x!, e.scalar(0, inputType(node)), e.scalar(6, inputType(node))]),
  Round: (e, [x], node) => (inputType(node) === 'float32' ? e.op('Round', [x!]) : x!),
  // tfjs has the sign 0 for what is not a number.
  Sign: (e, [x], node) => {
    const sign = e.op('Sign', [x!]);
    return inputType(node) === 'float32' ? e.op('Where', [e.op('IsNaN', [x!]), e.scalar(0), sign]) : sign;
  },
  Rsqrt: (e, [x]) => e.op('Reciprocal', [e.op('Sqrt', [x!])]),
  Square: (e, [x]) => e.op('Mul', [x!, x!]),
  IsNan: direct('IsNaN'),
  IsInf: direct('IsInf'),
  IsFinite: (e, [x]) => e.op('Not', [e.op('Or', [e.op('IsNaN', [x!]), e.op('IsInf', [x!])])]),
  LogicalNot: direct('Not'),
  LeakyRelu: (e, [x], { attributes }) =>
    e.op('LeakyRelu', [x!], { alpha: { float: attributes.alpha as number } }),
  Step: (e, [x], node) => {
    const dtype = inputType(node);
    const positive = e.op('Greater', [x!, e.scalar(0, dtype)]);
    const below = e.scalar((node.attributes.alpha as number) ?? 0, dtype);
    const step = e.op('Where', [positive, e.scalar(1, dtype), below]);
    if (dtype !== 'float32') return step;
    return e.op('Where', [e.op('IsNaN', [x!]), x!, step]);
  },
  ClipByValue: (e, [x], node) =>
    e.op('Clip', [
      x!,
      e.scalar(node.attributes.clipValueMin as number, inputType(node)),
      e.scalar(node.attributes.clipValueMax as number, inputType(node)),
    ]),

  Add: direct('Add'),
  Sub: direct('Sub'),
  Multiply: direct('Mul'),
  RealDiv: (e, x, node) =>
    inputType(node) === 'float32'
      ? e.op('Div', x)
      : e.op(
          'Div',
          x.map((name) => e.op('Cast', [name], { to: DATA_TYPE.float32 })),
        ),
  FloorDiv: (e, x, node) => {
    if (inputType(node) === 'float32') return e.op('Floor', [e.op('Div', x)]);
    const quotient = e.op('Floor', [
      e.op(
        'Div',
        x.map((name) => e.op('Cast', [name], { to: DATA_TYPE.float32 })),
      ),
    ]);
    return e.op('Cast', [quotient], { to: DATA_TYPE.int32 });
  },
  Maximum: direct('Max'),
  Minimum: direct('Min'),
  Mod: (e, [a, b], node) => {
    if (inputType(node) === 'int32') return e.op('Mod', [a!, b!]);
    const quotient = e.op('Floor', [e.op('Div', [a!, b!])]);
    return e.op('Sub', [a!, e.op('Mul', [quotient, b!])]);
  },
  Pow: direct('Pow'),
  SquaredDifference: (e, x) => {
    const difference = e.op('Sub', x);
    return e.op('Mul', [difference, difference]);
  },
  Equal: onNumbers(direct('Equal')),
  NotEqual: onNumbers((e, x) => e.op('Not', [e.op('Equal', x)])),
  Greater: onNumbers(direct('Greater')),
  GreaterEqual: onNumbers(direct('GreaterOrEqual')),
  Less: onNumbers(direct('Less')),
  LessEqual: onNumbers(direct('LessOrEqual')),
  LogicalAnd: direct('And'),
  LogicalOr: direct('Or'),
  EluGrad: (e, [dy, y]) => {
    const negative = e.op('Mul', [dy!, e.op('Add', [y!, e.scalar(1)])]);
    return e.op('Where', [e.op('GreaterOrEqual', [y!, e.scalar(0)]), dy!, negative]);
  },
  Prelu: (e, [x, alpha]) => e.op('Where', [e.op('Less', [x!, e.scalar(0)]), e.op('Mul', [x!, alpha!]), x!]),
  Select: direct('Where'),
  Cast: (e, [x], node) => e.op('Cast', [x!], { to: DATA_TYPE[dtypeOf(node)] }),

  Sum: onNumbers(reduce('ReduceSum')),
  Mean: (e, [x], node) =>
    reduce('ReduceMean')(
      e,
      [inputType(node) === 'float32' ? x! : e.op('Cast', [x!], { to: DATA_TYPE.float32 })],
      node,
    ),
  Max: onNumbers(reduce('ReduceMax')),
  Min: onNumbers(reduce('ReduceMin')),
  Prod: onNumbers(reduce('ReduceProd')),
  All: onNumbers(reduce('ReduceMin')),
  Any: onNumbers(reduce('ReduceMax')),
  ArgMax: onNumbers(argument('ArgMax')),
  ArgMin: onNumbers(argument('ArgMin')),
  Softmax: (e, x, { attributes }) => e.op('Softmax', x, { axis: attributes.axis as number }),
  LogSoftmax: (e, x, { attributes }) => e.op('LogSoftmax', x, { axis: attributes.axis as number }),
  Cumsum: (e, [x], { attributes }) =>
    e.op('CumSum', [x!, e.constant([attributes.axis as number], 'int64', [])], {
      exclusive: attributes.exclusive ? 1 : 0,
      reverse: attributes.reverse ? 1 : 0,
    }),

  Reshape: (e, [x], { attributes }) => {
    const shape = dims(attributes, 'shape');
    return e.op('Reshape', [x!, e.reshapeTarget(shape)], shape.includes(0) ? { allowzero: 1 } : {});
  },
  Transpose: (e, [x], { attributes }) => e.op('Transpose', [x!], { perm: ints(attributes, 'perm') }),
  Slice: (e, [x], { attributes }) => {
    const [begin, size] = [dims(attributes, 'begin'), dims(attributes, 'size')];
    const end = [...begin, ...size].some(isSymbolic)
      ? add(e, begin, size)
      : e.ints(begin.map((from, axis) => (from as number) + (size[axis] as number)));
    return e.op('Slice', [x!, e.shape(begin), end]);
  },
  PadV2: (e, [x], node) => {
    const paddings = node.attributes.paddings as readonly (readonly Dimension[])[];
    const pads = e.shape([...paddings.map(([before]) => before!), ...paddings.map(([, after]) => after!)]);
    return e.op('Pad', [x!, pads, e.scalar(node.attributes.constantValue as number, inputType(node))]);
  },
  Tile: (e, [x], { attributes }) => e.op('Tile', [x!, e.shape(dims(attributes, 'reps'))]),
  BroadcastTo: (e, [x], { attributes }) => e.op('Expand', [x!, e.shape(dims(attributes, 'shape'))]),
  Reverse: (e, [x], { attributes }) => {
    const axes = ints(attributes, 'axes');
    const each = (value: number) => e.ints(axes.map(() => value));
    return e.op('Slice', [x!, each(-1), each(-(2 ** 31)), e.ints(axes), each(-1)]);
  },
  Concat: (e, x, { attributes }) => e.op('Concat', x, { axis: attributes.axis as number }),
  Pack: (e, x, { attributes }) => {
    const axis = attributes.axis as number;
    const parts = x.map((part) => e.op('Unsqueeze', [part, e.ints([axis])]));
    return e.op('Concat', parts, { axis });
  },
  Unpack: (e, [x], { attributes, outputs }) => {
    const axis = attributes.axis as number;
    const parts = e.ops('Split', [x!, e.ints(outputs.map(() => 1))], { axis }, outputs.length);
    return parts.map((part) => e.op('Squeeze', [part, e.ints([axis])]));
  },
  SplitV: (e, [x], { attributes, outputs }) =>
    e.ops(
      'Split',
      [x!, e.shape(dims(attributes, 'sizes'))],
      { axis: attributes.axis as number },
      outputs.length,
    ),

  BatchMatMul: (e, x, { attributes, inputs }) => {
    const { transposeA, transposeB } = attributes;
    if (!transposeA && !transposeB) return e.op('MatMul', x);
    if (inputs.every(({ shape }) => shape.length === 2)) {
      return e.op('Gemm', x, { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 });
    }
    return e.op(
      'FusedMatMul',
      x,
      { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 },
      'com.microsoft',
    );
  },

  [SCALED_MATMUL]: (e, x, { attributes, inputs }) => {
    const { transposeA, transposeB, alpha, beta } = attributes;
    const common = {
      transA: transposeA ? 1 : 0,
      transB: transposeB ? 1 : 0,
      alpha: { float: alpha as number },
    };
    if (inputs.slice(0, 2).every(({ shape }) => shape.length === 2)) {
      return e.op('Gemm', x, { ...common, beta: { float: beta as number } });
    }
    return e.op('FusedMatMul', x, common, 'com.microsoft');
  },
  [LAYER_NORMALIZATION]: (e, x, { attributes, outputs }) =>
    e.ops(
      'LayerNormalization',
      x,
      { axis: -1, epsilon: { float: attributes.epsilon as number } },
      outputs.length,
    ),

  GatherV2: (e, x, { attributes }) => e.op('Gather', x, { axis: attributes.axis as number }),
  GatherNd: (e, [x, indices]) => e.op('GatherND', [x!, e.op('Cast', [indices!], { to: DATA_TYPE.int64 })]),
  ScatterNd: (e, [indices, updates], node) => {
    // One-dimensional indices are indices of rows.
    const isList = node.inputs[0]!.shape.length === 1;
    const places = isList ? e.op('Unsqueeze', [indices!, e.ints([1])]) : indices!;
    return scatterAdd(e, dims(node.attributes, 'shape'), places, updates!, dtypeOf(node));
  },
  UnsortedSegmentSum: (e, [x, ids], { inputs, outputs }) => {
    const [rank, idRank] = [inputs[0]!.shape.length, inputs[1]!.shape.length];
    // tfjs leaves out the rows of negative ids; ONNX would count those from the end.
    const dtype = outputs[0]!.dtype;
    const negative = e.op('Less', [ids!, e.scalar(0, 'int32')]);
    const axes = Array.from({ length: rank - idRank }, (_, i) => idRank + i);
    const dropped = axes.length > 0 ? e.op('Unsqueeze', [negative, e.ints(axes)]) : negative;
    const kept = e.op('Where', [dropped, e.scalar(0, dtype), x!]);
    const rows = e.op('Unsqueeze', [e.op('Max', [ids!, e.scalar(0, 'int32')]), e.ints([idRank])]);
    return scatterAdd(e, outputs[0]!.shape, rows, kept, dtype);
  },
  OneHot: (e, [indices], node) => {
    const { depth, onValue, offValue } = node.attributes;
    const values = e.constant([offValue as number, onValue as number], 'float32', [2]);
    const isScalar = node.inputs[0]!.shape.length === 0;
    const listed = isScalar ? e.op('Unsqueeze', [indices!, e.ints([0])]) : indices!;
    const wide = e.op('Cast', [listed], { to: DATA_TYPE.int64 });
    // ONNX counts negative indices from the end; tfjs writes a row of off values.
    const inside = e.op('Where', [
      e.op('Less', [wide, e.constant([0], 'int64', [])]),
      e.op('Reshape', [e.size(depth as Dimension), e.ints([])]),
      wide,
    ]);
    const rows = e.op('OneHot', [inside, e.size(depth as Dimension), values], { axis: -1 });
    const floats = isScalar ? e.op('Squeeze', [rows, e.ints([0])]) : rows;
    return dtypeOf(node) === 'float32' ? floats : e.op('Cast', [floats], { to: DATA_TYPE[dtypeOf(node)] });
  },
  TopK: (e, [x], { attributes }) => {
    const [values, indices] = e.ops('TopK', [x!, e.size(attributes.k as Dimension)], { axis: -1 }, 2);
    return [values!, e.op('Cast', [indices!], { to: DATA_TYPE.int32 })];
  },
  Fill: (e, _, node) =>
    fill(e, dims(node.attributes, 'shape'), node.attributes.value as Dimension, dtypeOf(node)),
  Const: (e, _, { attributes, outputs }) =>
    e.constant(
      attributes.value as TypedArray,
      outputs[0]!.dtype as 'float32' | 'int32' | 'bool',
      outputs[0]!.shape as number[],
    ),
  Range: (e, _, node) => {
    const { start, step, length } = node.attributes as Record<string, Dimension>;
    const length0 = e.op('Reshape', [e.size(length!), e.ints([])]);
    const zero = e.constant([0], 'int64', []);
    const counted = e.op('Range', [zero, length0, e.constant([1], 'int64', [])]);
    const numbers = e.op('Cast', [counted], { to: DATA_TYPE[dtypeOf(node)] });
    const scaled = e.op('Mul', [numbers, e.scalar(step as number, dtypeOf(node))]);
    return e.op('Add', [scaled, e.scalar(start as number, dtypeOf(node))]);
  },
};
