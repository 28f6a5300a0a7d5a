import type { Node, Value } from '../../../graph/graph.js';
import { attribute, type TensorType } from '../protobuf/attribute.js';
import type { GraphBuilder, TensorName } from './builder.js';

/** A node's first output. */
export const result = (node: Node): Value => node.outputs[0]!;

/** The attribute T with the dtype of a node's first input. */
export const typeOf = (node: Node): { T: ReturnType<typeof attribute.type> } => ({
  T: attribute.type(node.inputs[0]!.dtype),
});

/** Converts a tensor to another type, if it has not got that type already. */
export function cast(to: GraphBuilder, tensor: TensorName, from: TensorType, wanted: TensorType): TensorName {
  if (from === wanted) return tensor;
  return to.add('Cast', [tensor], { SrcT: attribute.type(from), DstT: attribute.type(wanted) });
}
