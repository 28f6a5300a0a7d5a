import type { RecordBatch } from 'apache-arrow';
import { listColumn } from '../batch/column.js';
import { placeOf } from '../batch/place.js';
import type { DatasetCounts } from '../metadata.js';

/** What a batch adds to a dataset's counts: its rows and tokens, and what the steps before counted in its place. */
export function countsOf(batch: RecordBatch): DatasetCounts {
  const counted = placeOf(batch)?.counts;
  return { rows: batch.numRows, tokens: counted?.tokens ?? tokensOf(batch), ...counted };
}

/** Tokens of a batch: where an attention mask is there, the positions where it is 1, else all. */
function tokensOf(batch: RecordBatch): number {
  const names = batch.schema.fields.map((field) => field.name);
  if (!names.includes('attention_mask')) {
    if (!names.includes('input_ids')) return 0;
    const { offsets } = listColumn(batch, 'input_ids');
    return (offsets.at(-1) ?? 0) - (offsets[0] ?? 0);
  }
  const { values, offsets } = listColumn(batch, 'attention_mask');
  const end = offsets.at(-1) ?? 0;
  let tokens = 0;
  for (let i = offsets[0] ?? 0; i < end; i++) tokens += values[i]!;
  return tokens;
}
