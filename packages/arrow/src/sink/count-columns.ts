import type { ColumnBatch } from '../batch/column-batch.js';
import type { ListField } from '../ipc/encode-columns.js';
import type { DatasetCounts } from '../metadata.js';

export function rowsOf({ columns }: ColumnBatch): number {
  return (Object.values(columns)[0]?.offsets.length ?? 1) - 1;
}

/** What columns add to a dataset's counts: their rows and tokens, and what the steps before counted. */
export function countsOfColumns(batch: ColumnBatch): DatasetCounts {
  const counted = batch.place.counts;
  return { rows: rowsOf(batch), tokens: counted?.tokens ?? tokensOf(batch), ...counted };
}

/** Tokens of a batch: where an attention mask is there, the positions where it is 1, else all. */
function tokensOf({ columns: { attention_mask, input_ids } }: ColumnBatch): number {
  if (!attention_mask) return input_ids ? input_ids.offsets.at(-1)! - input_ids.offsets[0]! : 0;
  let tokens = 0;
  for (const value of attention_mask.values.subarray(
    attention_mask.offsets[0],
    attention_mask.offsets.at(-1),
  ))
    tokens += value;
  return tokens;
}

/** The columns' names and types, as a schema has them. */
export function listFields(columns: ColumnBatch['columns']): ListField[] {
  return Object.entries(columns).map(([name, { values }]) => ({
    name,
    bits: values instanceof Int8Array ? 8 : 32,
  }));
}
