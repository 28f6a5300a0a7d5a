import { listColumn } from '@mlm/arrow';
import type { RecordBatch } from 'apache-arrow';
import { IGNORED_LABEL } from '../rows/originals.js';

/**
 * Visits every position of a masked batch's rows, including padding.
 * @param batch has `input_ids` and `labels`, whose rows have the same lengths
 * @param visit called with the id before masking, the id that the model sees, and whether the position has a label
 *
 * @example
 * ```ts
 * import { openDataset } from '@mlm/arrow';
 * import { eachToken } from '@mlm/masking';
 *
 * let masked = 0;
 * for await (const batch of await openDataset('out.arrow')) {
 *   eachToken(batch, (_original, _shown, hasLabel) => {
 *     if (hasLabel) masked++;
 *   });
 * }
 * ```
 */
export function eachToken(
  batch: RecordBatch,
  visit: (original: number, shown: number, hasLabel: boolean) => void,
): void {
  const ids = listColumn(batch, 'input_ids');
  const labels = listColumn(batch, 'labels');
  const start = ids.offsets[0] ?? 0;
  const end = ids.offsets[batch.numRows] ?? start;
  const shift = (labels.offsets[0] ?? 0) - start;
  for (let i = start; i < end; i++) {
    const label = labels.values[i + shift]!;
    const shown = ids.values[i]!;
    const hasLabel = label !== IGNORED_LABEL;
    visit(hasLabel ? label : shown, shown, hasLabel);
  }
}
