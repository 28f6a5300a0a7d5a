import { type Dimension, isSymbolic } from '../../../graph/dimension.js';
import type { EmitTable } from '../../emit.js';
import type { ModelBuilder } from '../../onnx/emit/builder.js';
import { sums } from '../../onnx/emit/sums.js';
import { DATA_TYPE } from '../../onnx/protobuf.js';
import { addRowsInOrder } from './sums.js';

/** Replacements for OneHot, which would fall back to the CPU, and for scattering, which adds in no fixed order. */
export const lookup: EmitTable<ModelBuilder> = {
  ...sums(addRowsInOrder),
  OneHot: (to, { attributes, inputs, outputs }, indices) => {
    const dtype = outputs[0]!.dtype;
    const wide = to.op('Unsqueeze', [indices, to.ints([inputs[0]!.shape.length])]);
    const chosen = to.op('Equal', [wide, steps(to, attributes.depth as Dimension)]);
    const [on, off] = [attributes.onValue, attributes.offValue] as [number, number];
    return to.op('Where', [chosen, to.scalar(on, dtype), to.scalar(off, dtype)]);
  },
};

/** 0, 1, 2, … as int32. */
export function steps(to: ModelBuilder, size: Dimension): string {
  if (!isSymbolic(size))
    return to.constant(
      Array.from({ length: size }, (_, i) => i),
      'int32',
      [size],
    );
  const end = to.op('Reshape', [to.size(size), to.ints([])]);
  const range = to.op('Range', [to.constant([0], 'int64', []), end, to.constant([1], 'int64', [])]);
  return to.op('Cast', [range], { to: DATA_TYPE.int32 });
}
