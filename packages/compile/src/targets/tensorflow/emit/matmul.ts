import type { Node } from '../../../graph/graph.js';
import type { EmitTable } from '../../emit.js';
import { attribute, type TensorType } from '../protobuf/attribute.js';
import type { GraphBuilder, TensorName } from './builder.js';
import { cast, result } from './types.js';

/** Matrix products: MatMul for two matrices, which oneDNN and Grappler optimize best, otherwise BatchMatMulV2. */
export const matmul: EmitTable<GraphBuilder> = {
  BatchMatMul: (to, node, ...inputs) => {
    if (to.precision !== 'bf16' || result(node).dtype !== 'float32')
      return product(node, inputs, result(node).dtype, to);
    const reduced = inputs.map((tensor) => to.bfloat16(tensor));
    return cast(to, product(node, reduced, 'bfloat16', to), 'bfloat16', 'float32');
  },
};

function product(node: Node, inputs: readonly TensorName[], dtype: TensorType, to: GraphBuilder): TensorName {
  const T = attribute.type(dtype);
  const left = attribute.flag(node.attributes.transposeA === true);
  const right = attribute.flag(node.attributes.transposeB === true);
  if (node.inputs.every(({ shape }) => shape.length === 2)) {
    return to.add('MatMul', inputs, { T, transpose_a: left, transpose_b: right });
  }
  return to.add('BatchMatMulV2', inputs, { T, adj_x: left, adj_y: right });
}
