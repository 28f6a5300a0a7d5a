import type { ColumnBatch } from '../batch/column-batch.js';
import type { ListField } from '../ipc/encode-columns.js';
import type { DatasetCounts } from '../metadata.js';

export function rowsOf({ columns }: ColumnBatch): number {
  return (Object.values(columns)[0]?.offsets.length ?? 1) - 1;
}

/** A batch's contribution to the dataset's counts: its rows and tokens, and what earlier steps counted. */
export function countsOfColumns(batch: ColumnBatch): DatasetCounts {
  const counted = batch.place.counts;
  return { rows: rowsOf(batch), tokens: counted?.tokens ?? tokensOf(batch), ...counted };
}

/** Tokens of a batch: the positions where the attention mask is 1, or all if there is none. */
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

/** The columns' names and types, for a schema. */
export function listFields(columns: ColumnBatch['columns']): ListField[] {
  return Object.entries(columns).map(([name, { values }]) => ({
    name,
    bits: values instanceof Int8Array ? 8 : 32,
  }));
}

/** Adds `counts` to `sums`, name by name. */
export function addCounts(sums: Record<string, number>, counts: Record<string, number>): void {
  for (const [name, value] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + value;
}
