import type { BatchStage, ColumnBatch, ListColumn } from '@mlm/arrow/columns';
import { maskRowsInPlace } from '../rows/mask-rows.js';
import type { MaskingRule } from '../rule.js';

export { maskingRule } from '../rule.js';

/** Static masking as a stage that runs inside the worker threads of `tokenize({ stages: [maskStage(rule)] })`. */
export function maskStage(rule: MaskingRule): BatchStage {
  return { module: import.meta.url, options: rule, description: { masking: rule.settings } };
}

/** What a worker thread calls once: the stage's function of a token batch, whose memory the masked ids take. */
export function createStage(rule: MaskingRule): (batch: ColumnBatch) => ColumnBatch {
  return ({ columns, place }) => {
    const rows = columns.input_ids as ListColumn<Int32Array>;
    const { masked, tokens, ...columnsOfRows } = maskRowsInPlace(rows, rule, place);
    // Sums over a dataset go by the name `selected` since the format's first version.
    const counts = { ...place.counts, tokens, selected: masked };
    return { columns: columnsOfRows, place: { ...place, counts } };
  };
}
