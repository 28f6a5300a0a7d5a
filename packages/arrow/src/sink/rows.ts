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
import { countsOfColumns, listFields, rowsOf } from './count-columns.js';
import type { RowColumns, SinkRows } from './encodable.js';
import type { SelfWritingBatch } from './encoded.js';

/** Plain columns whose memory returns to their maker once they are written. */
export interface ReleasableColumns extends ColumnBatch {
  giveBack?(memory: ArrayBuffer[]): void;
}

/**
 * What a sink takes: record batches of arrow-js, plain columns, which need no arrow-js, or, where it writes files, batches
 * whose makers write them.
 */
export type SinkInput = RecordBatch | ReleasableColumns | SelfWritingBatch;

/** Prepares what arrives for writing. arrow-js is loaded only where record batches of its own arrive. */
export async function sinkRows(input: SinkInput): Promise<SinkRows> {
  if (isSelfWriting(input)) return selfWritingRows(input);
  if (!isColumns(input)) return (await import('./record-rows.js')).recordRows(input);
  const { columns, place, giveBack } = input;
  const lists = Object.values(columns);
  return {
    rows: rowsOf(input),
    place,
    counts: countsOfColumns(input),
    description: undefined,
    columns: listColumns(listFields(columns)),
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

function selfWritingRows(batch: SelfWritingBatch): SinkRows {
  const { rows, place, counts, fields } = batch;
  return {
    rows,
    place,
    counts,
    description: undefined,
    columns: listColumns(fields),
    encode: () => batch,
    release() {},
  };
}

function isSelfWriting(input: SinkInput): input is SelfWritingBatch {
  return 'write' in input;
}

function isColumns(input: SinkInput): input is ReleasableColumns {
  return 'columns' in input;
}

function listColumns(fields: readonly ListField[]): RowColumns {
  return {
    types: fields.map(({ name, bits }) => ({ name, dtype: `int${bits}`, isList: true })),
    encodeSchema: (metadata) => encodeListSchema(fields, metadata),
    encodeFooter: (metadata, blocks) => encodeListFooter(fields, metadata, blocks),
  };
}
