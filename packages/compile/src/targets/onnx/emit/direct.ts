import { type Emit, inputType, outputType } from '../../emit.js';
import { DATA_TYPE } from '../protobuf.js';
import type { ModelBuilder } from './builder.js';

/** An operation that ONNX has as well. */
export const direct =
  (opType: string): Emit<ModelBuilder> =>
  (to, _, ...x) =>
    to.op(opType, x);

/** Runs an ONNX operation that does not support booleans on numbers, and converts its result back. */
export const onNumbers =
  (emit: Emit<ModelBuilder>): Emit<ModelBuilder> =>
  (to, node, ...x) => {
    if (inputType(node) !== 'bool') return emit(to, node, ...x);
    const numbers = x.map((name) => to.op('Cast', [name], { to: DATA_TYPE.int32 }));
    const result = emit(to, node, ...numbers);
    return outputType(node) === 'bool' && typeof result === 'string' && !COMPARISONS.has(node.op)
      ? to.op('Cast', [result], { to: DATA_TYPE.bool })
      : result;
  };

const COMPARISONS = new Set(['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual']);
