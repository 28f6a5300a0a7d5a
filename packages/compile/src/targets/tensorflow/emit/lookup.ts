import { type Dimension, isSymbolic, staticShape } from '../../../graph/dimension.js';
import type { DType, TypedArray } from '../../../graph/graph.js';
import { type EmitTable, number } from '../../emit.js';
import { attribute } from '../protobuf/attribute.js';
import type { GraphBuilder, TensorName } from './builder.js';
import { cast, result, typeOf } from './types.js';

const int32 = attribute.type('int32');

/** A number as a scalar. tfjs's gradients turn sizes into numbers, such as the divisor of a mean. */
const scalarOf = (to: GraphBuilder, value: Dimension, dtype: DType): TensorName =>
  isSymbolic(value) ? cast(to, to.dimension(value), 'int32', dtype) : to.scalar(value, dtype);

/** Operations that select, place or generate elements. */
export const lookup: EmitTable<GraphBuilder> = {
  Fill: (to, node) => {
    const { shape, dtype } = result(node);
    const value = scalarOf(to, node.attributes.value as Dimension, dtype);
    if (shape.length === 0) return value;
    return to.add('Fill', [to.shape(shape), value], { T: attribute.type(dtype), index_type: int32 });
  },
  Const: (to, node) => {
    const { shape, dtype } = result(node);
    return to.constant(node.attributes.value as TypedArray, staticShape(shape), dtype);
  },
  GatherV2: (to, node, x, indices) => {
    const axis = to.scalar(number(node, 'axis'), 'int32');
    const attr = { Tparams: typeOf(node).T, Tindices: int32, Taxis: int32, batch_dims: attribute.integer(0) };
    return to.add('GatherV2', [x, indices, axis], attr);
  },
  GatherNd: (to, node, ...inputs) => to.add('GatherNd', inputs, { Tparams: typeOf(node).T, Tindices: int32 }),
  ScatterNd: (to, node, ...inputs) => {
    const attr = { T: attribute.type(result(node).dtype), Tindices: int32 };
    return to.add('ScatterNd', [...inputs, to.shape(result(node).shape)], attr);
  },
  UnsortedSegmentSum: (to, node, ...inputs) => {
    const segments = to.dimension(node.attributes.numSegments as Dimension);
    const attr = { ...typeOf(node), Tindices: int32, Tnumsegments: int32 };
    return to.add('UnsortedSegmentSum', [...inputs, segments], attr);
  },
  OneHot: (to, node, indices) => {
    const { dtype } = result(node);
    const values = ['onValue', 'offValue'].map((name) => to.scalar(number(node, name), dtype));
    const attr = { T: attribute.type(dtype), TI: int32, axis: attribute.integer(-1) };
    return to.add('OneHot', [indices, to.dimension(node.attributes.depth as Dimension), ...values], attr);
  },
  TopK: (to, node, x) => {
    const attr = { ...typeOf(node), sorted: attribute.flag(node.attributes.sorted === true) };
    const tensor = to.add('TopKV2', [x, to.dimension(node.attributes.k as Dimension)], attr);
    return [tensor, `${tensor}:1`];
  },
  Range: (to, node) => {
    const { dtype, shape } = result(node);
    const bounds = [to.scalar(0, 'int32'), to.dimension(shape[0]!), to.scalar(1, 'int32')];
    const steps = cast(to, to.add('Range', bounds, { Tidx: int32 }), 'int32', dtype);
    const T = { T: attribute.type(dtype) };
    const scaled = to.add('Mul', [steps, to.scalar(number(node, 'step'), dtype)], T);
    return to.add('AddV2', [scaled, to.scalar(number(node, 'start'), dtype)], T);
  },
};
