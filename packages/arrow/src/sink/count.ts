import type { RecordBatch } from 'apache-arrow';
import { listColumn } from '../batch/column.js';

/** Tokens of a batch: where an attention mask is there, the positions where it is 1, else all. */
export function tokensOf(batch: RecordBatch): number {
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
