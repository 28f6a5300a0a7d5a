import type { ListColumn, MaskedColumns } from '@mlm/arrow';
import { IGNORED_LABEL } from './rule.js';

/** The ids before masking: the label where it is not -100, else the id. */
export function restoreOriginals({
  input_ids,
  labels,
}: Pick<MaskedColumns, 'input_ids' | 'labels'>): ListColumn<Int32Array> {
  const first = input_ids.offsets[0] ?? 0;
  const labelShift = (labels.offsets[0] ?? 0) - first;
  const last = input_ids.offsets[input_ids.offsets.length - 1] ?? 0;
  const values = input_ids.values.slice(first, last);
  for (let i = 0; i < values.length; i++) {
    const label = labels.values[first + labelShift + i]!;
    if (label !== IGNORED_LABEL) values[i] = label;
  }
  return {
    values,
    offsets: first === 0 ? input_ids.offsets : input_ids.offsets.map((offset) => offset - first),
  };
}
