import type { Shape } from '../../../graph/dimension.js';
import { isSymbolic } from '../../../graph/dimension.js';
import type { DType, TypedArray } from '../../../graph/graph.js';
import type { AttributeMessage, ShapeMessage } from './schema.js';

/** TensorFlow's numbers of element types (tensorflow/core/framework/types.proto). */
const dataTypes = {
  float32: 1,
  int32: 3,
  bool: 10,
  bfloat16: 14,
  uint16: 17,
  resource: 20,
  uint32: 22,
  uint64: 23,
} satisfies Record<DType, number> & Record<string, number>;

/** The graph's element types, and others of a GraphDef. */
export type TensorType = keyof typeof dataTypes;

export const dataType = (dtype: TensorType): number => dataTypes[dtype];

/** A shape message. Sizes known only at run time are −1. */
export const shapeMessage = (shape: Shape): ShapeMessage => ({
  dim: shape.map((size) => ({ size: isSymbolic(size) ? -1 : size })),
});

/** Attributes of a node, by kind. */
export const attribute = {
  type: (dtype: TensorType): AttributeMessage => ({ type: dataType(dtype) }),
  flag: (value: boolean): AttributeMessage => ({ b: value }),
  integer: (value: number): AttributeMessage => ({ i: value }),
  real: (value: number): AttributeMessage => ({ f: value }),
  text: (value: string): AttributeMessage => ({ s: new TextEncoder().encode(value) }),
  shape: (shape: Shape): AttributeMessage => ({ shape: shapeMessage(shape) }),
  tensor: (values: TypedArray, shape: readonly number[], dtype: DType): AttributeMessage => ({
    tensor: {
      dtype: dataType(dtype),
      tensorShape: shapeMessage(shape),
      tensorContent: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    },
  }),
};
