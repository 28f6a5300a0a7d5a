import type { RecordBatch } from 'apache-arrow';
import type { ColumnBatch } from '../batch/column-batch.js';
import { KEPT_BYTES } from '../batch/memory.js';
import { PLACE_KEY } from '../batch/place-key.js';
import {
  encodeListBatch,
  encodeListFooter,
  encodeListSchema,
  type ListField,
} from '../ipc/encode-columns.js';
import type { DatasetCounts } from '../metadata.js';
import type { RowColumns, SinkRows } from './encodable.js';

/** Plain columns whose memory goes back to who made them once they are written. */
export interface ReleasableColumns extends ColumnBatch {
  giveBack?(memory: ArrayBuffer[]): void;
}

/** What a sink takes: record batches of arrow-js, or plain columns, which need no arrow-js. */
export type SinkInput = RecordBatch | ReleasableColumns;

/** Prepares what arrives for writing. arrow-js is loaded only where record batches of its own arrive. */
export async function sinkRows(input: SinkInput): Promise<SinkRows> {
  if (!isColumns(input)) return (await import('./record-rows.js')).recordRows(input);
  const { columns, place, giveBack } = input;
  const lists = Object.values(columns);
  return {
    rows: rowsOf(input),
    place,
    counts: countsOfColumns(input),
    description: undefined,
    columns: listColumns(columns),
    encode: () => encodeListBatch(lists, new Map([[PLACE_KEY, JSON.stringify(place)]])),
    release() {
      const memory = new Set<ArrayBuffer>();
      for (const { values } of lists)
        if (values.buffer instanceof ArrayBuffer && values.buffer.byteLength >= KEPT_BYTES)
          memory.add(values.buffer);
      giveBack?.([...memory]);
    },
  };
}

export function isColumns(input: SinkInput): input is ReleasableColumns {
  return 'columns' in input;
}

function rowsOf({ columns }: ColumnBatch): number {
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

function listColumns(columns: ColumnBatch['columns']): RowColumns {
  const fields = Object.entries(columns).map(
    ([name, { values }]): ListField => ({
      name,
      bits: values instanceof Int8Array ? 8 : 32,
    }),
  );
  return {
    types: fields.map(({ name, bits }) => ({ name, dtype: `int${bits}`, isList: true })),
    encodeSchema: (metadata) => encodeListSchema(fields, metadata),
    encodeFooter: (metadata, blocks) => encodeListFooter(fields, metadata, blocks),
  };
}
