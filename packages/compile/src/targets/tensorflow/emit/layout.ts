import { isSymbolic, type Shape, sameDimension } from '../../../graph/dimension.js';
import { BARRIER } from '../../../primitives/checkpoint.js';
import { type EmitTable, number, numbers } from '../../emit.js';
import { attribute } from '../protobuf/attribute.js';
import type { GraphBuilder } from './builder.js';
import { result, typeOf } from './types.js';

const indices = attribute.type('int32');

/** Operations that only move elements. */
export const layout: EmitTable<GraphBuilder> = {
  Reshape: (to, node, x) => {
    return to.add('Reshape', [x, to.reshapeTarget(result(node).shape)], {
      ...typeOf(node),
      Tshape: indices,
    });
  },
  Transpose: (to, node, x) => {
    const permutation = to.integers([...numbers(node, 'perm')]);
    return to.add('Transpose', [x, permutation], { ...typeOf(node), Tperm: indices });
  },
  Slice: (to, node, x) => {
    const begin = node.attributes.begin as unknown as Shape;
    const source = node.inputs[0]!.shape;
    // −1 for slices to the end, whose size need not be computed.
    const size = result(node).shape.map((length, axis) =>
      isSymbolic(length) && begin[axis] === 0 && sameDimension(length, source[axis]!) ? -1 : length,
    );
    return to.add('Slice', [x, to.shape(begin), to.shape(size)], { ...typeOf(node), Index: indices });
  },
  PadV2: (to, node, x) => {
    const pairs = (node.attributes.paddings as unknown as Shape[]).flat();
    const rows = to.add('Reshape', [to.shape(pairs), to.integers([-1, 2])], { T: indices, Tshape: indices });
    const fill = to.scalar(number(node, 'constantValue'), node.inputs[0]!.dtype);
    return to.add('PadV2', [x, rows, fill], { ...typeOf(node), Tpaddings: indices });
  },
  Tile: (to, node, x) => {
    const repeats = to.shape(node.attributes.reps as unknown as Shape);
    return to.add('Tile', [x, repeats], { ...typeOf(node), Tmultiples: indices });
  },
  BroadcastTo: (to, node, x) => {
    return to.add('BroadcastTo', [x, to.shape(result(node).shape)], { ...typeOf(node), Tidx: indices });
  },
  Reverse: (to, node, x) => {
    return to.add('ReverseV2', [x, to.integers([...numbers(node, 'axes')])], {
      ...typeOf(node),
      Tidx: indices,
    });
  },
  [BARRIER]: (to, node, x, ...after) => {
    // Grappler keeps control edges, and so does not merge the result with x.
    return to.add('Identity', [x], typeOf(node), { after });
  },
  Concat: (to, node, ...inputs) => {
    const attr = { ...typeOf(node), N: attribute.integer(inputs.length), Tidx: indices };
    return to.add('ConcatV2', [...inputs, to.scalar(number(node, 'axis'), 'int32')], attr);
  },
  Pack: (to, node, ...inputs) => {
    const axis = attribute.integer(number(node, 'axis'));
    return to.add('Pack', inputs, { ...typeOf(node), N: attribute.integer(inputs.length), axis });
  },
  Unpack: (to, node, ...inputs) => {
    const axis = attribute.integer(number(node, 'axis'));
    const attr = { ...typeOf(node), num: attribute.integer(node.outputs.length), axis };
    return outputsOf(to.add('Unpack', inputs, attr), node.outputs.length);
  },
  SplitV: (to, node, x) => {
    const axis = number(node, 'axis');
    const sizes = to.shape(node.outputs.map(({ shape }) => shape[axis]!));
    const attr = { ...typeOf(node), num_split: attribute.integer(node.outputs.length), Tlen: indices };
    return outputsOf(to.add('SplitV', [x, sizes, to.scalar(axis, 'int32')], attr), node.outputs.length);
  },
};

const outputsOf = (tensor: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => (i === 0 ? tensor : `${tensor}:${i}`));
