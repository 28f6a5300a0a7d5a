import type { Attribute, Attributes, Node, Value } from '../../../graph/graph.js';
import { attribute, type TensorType } from '../protobuf/attribute.js';
import type { GraphBuilder, Tensor } from './graph-builder.js';

/** Writes one node of the graph as nodes of the GraphDef; returns the node's outputs. */
export type EmitOperation = (node: Node, inputs: Tensor[], to: GraphBuilder) => Tensor | Tensor[];

export type Operations = Readonly<Record<string, EmitOperation>>;

export const numbers = (value: Attribute | undefined): number[] => value as number[];

/** The first output's value. */
export const result = (node: Node): Value => node.outputs[0]!;

/** The attribute T of the node's first input. */
export const typeOf = (node: Node): { T: ReturnType<typeof attribute.type> } => ({
  T: attribute.type(node.inputs[0]!.dtype),
});

export function cast(to: GraphBuilder, tensor: Tensor, from: TensorType, wanted: TensorType): Tensor {
  if (from === wanted) return tensor;
  return to.add('Cast', [tensor], { SrcT: attribute.type(from), DstT: attribute.type(wanted) });
}

/** Attributes that hold numbers only, read by name. */
export const number = (attributes: Attributes, name: string): number => attributes[name] as number;
