import type { Dimension } from '../../../graph/dimension.js';
import type { Attributes, DType, Node } from '../../../graph/graph.js';
import { DATA_TYPE } from '../protobuf.js';
import type { Emitter } from './emitter.js';

/** Turns one node into ONNX nodes and returns the names of its outputs. `x` are the names of its inputs. */
export type Lowering = (emitter: Emitter, x: readonly string[], node: Node) => string | readonly string[];

export const direct =
  (opType: string): Lowering =>
  (e, x) =>
    e.op(opType, x);

export const dims = (attributes: Attributes, name: string): readonly Dimension[] =>
  attributes[name] as readonly Dimension[];
export const ints = (attributes: Attributes, name: string): readonly number[] =>
  attributes[name] as readonly number[];
export const dtypeOf = (node: Node): DType => node.outputs[0]!.dtype;
export const inputType = (node: Node): DType => node.inputs[0]!.dtype;

/** A cast of a boolean to a number where an ONNX operation knows no booleans, and back. */
export const onNumbers =
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
