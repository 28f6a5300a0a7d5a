import { elementCount } from '@mlm/base/shape';
import { mapTuple } from '@mlm/base/tuple';
import type { TypedArray } from '../../../graph/graph.js';
import { type EmitTable, number } from '../../emit.js';
import type { Builder } from './builder.js';
import { type HloValue, shapeOf, typeText } from './types.js';

/** Operations that select, place or generate elements. */
export const lookup: EmitTable<Builder, HloValue> = {
  Fill: (to, node) => to.full(number(node, 'value'), shapeOf(node), node.outputs[0]!.dtype),
  Const: (to, node) =>
    to.constant(node.attributes.value as TypedArray, shapeOf(node), node.outputs[0]!.dtype),
  // Moves the axis to the front, gathers rows, and moves it back.
  GatherV2: (to, node, x, indices) => {
    const axis = number(node, 'axis');
    const rank = x.shape.length;
    const order = [axis, ...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis)];
    const source = axis === 0 ? x : to.transpose(x, order);
    const count = elementCount(indices.shape);
    const rows = to.gather(source, to.reshape(indices, [count, 1]));
    const back = Array.from({ length: rank }, (_, i) => (i < axis ? i + 1 : i === axis ? 0 : i));
    return to.reshape(axis === 0 ? rows : to.transpose(rows, back), shapeOf(node));
  },
  GatherNd: (to, node, params, indices) =>
    to.reshape(to.gather(params, indexRows(to, indices)), shapeOf(node)),
  ScatterNd: (to, node, indices, updates) => {
    const rows = indexRows(to, indices);
    const shape = shapeOf(node);
    const [count, depth] = rows.shape as [number, number];
    const zeros = to.full(0, shape, updates.dtype);
    return to.scatterAdd(zeros, rows, to.reshape(updates, [count, ...shape.slice(depth)]));
  },
  OneHot: (to, node, indices) => {
    const shape = shapeOf(node);
    const { dtype } = node.outputs[0]!;
    const places = to.iota(shape, shape.length - 1, 'int32');
    const wanted = to.broadcastIn(
      indices,
      shape,
      indices.shape.map((_, axis) => axis),
    );
    const [on, off] = mapTuple(['onValue', 'offValue'], (name) => to.full(number(node, name), shape, dtype));
    return to.select(to.compare('EQ', places, wanted), on, off);
  },
  TopK: (to, node, x) => {
    const results = node.outputs.map(({ dtype }, i) => ({ shape: shapeOf(node, i), dtype }));
    const name = to.fresh();
    const types = `(${results.map(typeText).join(', ')})`;
    const k = number(node, 'k');
    to.lines.push(`    ${name}:2 = chlo.top_k(${x.name}, k = ${k}) : ${typeText(x)} -> ${types}`);
    return results.map((result, i) => ({ name: `${name}#${i}`, ...result }));
  },
  Range: (to, node) => {
    const shape = shapeOf(node);
    const { dtype } = node.outputs[0]!;
    const steps = to.iota(shape, 0, dtype);
    const scaled = to.same('stablehlo.multiply', steps, to.like(number(node, 'step'), steps));
    return to.same('stablehlo.add', scaled, to.like(number(node, 'start'), steps));
  },
};

/** Indices […, depth] as [n, depth]; one-dimensional indices have depth 1. */
function indexRows(to: Builder, indices: HloValue): HloValue {
  const depth = indices.shape.length > 1 ? indices.shape.at(-1)! : 1;
  return to.reshape(indices, [elementCount(indices.shape) / depth, depth]);
}
