import { attribute } from '../../protobuf/attribute.js';
import { type Operations, typeOf } from '../operation.js';

/** Matrix products: MatMul for two matrices, which oneDNN and grappler's fusions know best, else BatchMatMulV2. */
export const matmul: Operations = {
  BatchMatMul: (node, inputs, to) => {
    const [left, right] = ['transposeA', 'transposeB'].map((name) =>
      attribute.flag(node.attributes[name] === true),
    );
    if (node.inputs.every(({ shape }) => shape.length === 2)) {
      return to.add('MatMul', inputs, { ...typeOf(node), transpose_a: left!, transpose_b: right! });
    }
    return to.add('BatchMatMulV2', inputs, { ...typeOf(node), adj_x: left!, adj_y: right! });
  },
};
