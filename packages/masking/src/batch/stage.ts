import type { BatchStage, ColumnBatch, ListColumn } from '@mlm/arrow/columns';
import { maskRowsInPlace } from '../rule/mask-rows.js';
import { maskingMetadata } from '../rule/metadata.js';
import { type MaskingRule, prepareRule } from '../rule/rule.js';

/**
 * Static masking as a stage that runs inside the worker threads of `tokenize({ stages: [maskStage(rule)] })`.
 * @throws InputError when the rule is out of range.
 */
export function maskStage(rule: MaskingRule): BatchStage {
  prepareRule(rule);
  return {
    module: import.meta.url,
    options: rule,
    description: { masking: maskingMetadata(rule) },
  };
}

/** What a worker thread calls once: the stage's function of a token batch, whose memory the masked ids take. */
export function createStage(rule: MaskingRule): (batch: ColumnBatch) => ColumnBatch {
  return ({ columns, place }) => {
    const rows = columns.input_ids as ListColumn<Int32Array>;
    const { selected, tokens, ...masked } = maskRowsInPlace(rows, rule, place);
    return { columns: masked, place: { ...place, counts: { ...place.counts, tokens, selected } } };
  };
}
