import { BARRIER } from '../../../primitives/checkpoint.js';
import { type EmitTable, number, numbers } from '../../emit.js';
import type { Builder } from './builder.js';
import { type HloValue, shapeOf, typeText } from './types.js';

/** Operations that only move elements. */
export const layout: EmitTable<Builder, HloValue> = {
  Reshape: (to, node, x) => to.reshape(x, shapeOf(node)),
  Transpose: (to, node, x) => to.transpose(x, numbers(node, 'perm')),
  Slice: (to, node, x) => to.slice(x, numbers(node, 'begin'), shapeOf(node)),
  PadV2: (to, node, x) => {
    const paddings = node.attributes.paddings as unknown as [number, number][];
    const [low, high] = [paddings.map(([before]) => before), paddings.map(([, after]) => after)];
    return to.pad(x, number(node, 'constantValue'), low, high);
  },
  // Each axis [n] is broadcast to [times, n] and flattened again.
  Tile: (to, node, x) => {
    const reps = numbers(node, 'reps');
    const wide = x.shape.flatMap((size, axis) => [reps[axis]!, size]);
    const repeated = to.broadcastIn(
      x,
      wide,
      x.shape.map((_, axis) => 2 * axis + 1),
    );
    return to.reshape(repeated, shapeOf(node));
  },
  // XLA neither moves computations across a barrier nor merges its outputs with its inputs.
  [BARRIER]: (to, _, ...inputs) => to.barrier(inputs)[0]!,
  BroadcastTo: (to, node, x) => to.broadcast(x, shapeOf(node)),
  Reverse: (to, node, x) =>
    to.line('stablehlo.reverse', `${x.name}, dims = [${numbers(node, 'axes').join(', ')}]`, typeText(x), x),
  Concat: (to, node, ...inputs) => to.concatenate(inputs, number(node, 'axis')),
  Pack: (to, node, ...inputs) => {
    const axis = number(node, 'axis');
    const thin = shapeOf(node).with(axis, 1);
    return to.concatenate(
      inputs.map((input) => to.reshape(input, thin)),
      axis,
    );
  },
  Unpack: (to, node, x) => {
    const axis = number(node, 'axis');
    return node.outputs.map((_, i) => {
      const begin = x.shape.map((_, other) => (other === axis ? i : 0));
      return to.reshape(to.slice(x, begin, x.shape.with(axis, 1)), shapeOf(node));
    });
  },
  SplitV: (to, node, x) => {
    const axis = number(node, 'axis');
    let from = 0;
    return node.outputs.map((_, i) => {
      const shape = shapeOf(node, i);
      const begin = x.shape.map((_, other) => (other === axis ? from : 0));
      from += shape[axis]!;
      return to.slice(x, begin, shape);
    });
  },
};
