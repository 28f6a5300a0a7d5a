import type { ListColumn, MaskedColumns } from '@mlm/arrow/columns';
import { copyRows, fromZero } from './column.js';
import { IGNORED_LABEL } from './rule.js';

/** The ids before masking: the label where it is not -100, else the id. */
export function restoreOriginals(
  masked: Pick<MaskedColumns, 'input_ids' | 'labels'>,
): ListColumn<Int32Array> {
  const originals = copyRows(masked.input_ids);
  const labels = fromZero(masked.labels).values;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== IGNORED_LABEL) originals.values[i] = labels[i]!;
  }
  return originals;
}
