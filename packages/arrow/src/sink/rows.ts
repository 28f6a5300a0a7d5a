import type { RecordBatch } from 'apache-arrow';
import type { ColumnBatch } from '../batch/column-batch.js';
import { KEPT_BYTES } from '../batch/memory.js';
import {
  encodeListBatch,
  encodeListFooter,
  encodeListSchema,
  type ListField,
} from '../ipc/encode-columns.js';
import { PLACE_KEY } from '../metadata.js';
import { countsOfColumns, listFields, rowsOf } from './counts.js';
import type { RowColumns, SinkRows } from './encodable.js';
import type { SelfWritingBatch } from './encoded.js';

/** Plain columns whose memory returns to their maker once they have been written. */
export interface ReleasableColumns extends ColumnBatch {
  giveBack?(memory: ArrayBuffer[]): void;
}

/**
 * Input of a sink: arrow-js record batches, plain columns, which need no arrow-js, or, for a sink that writes files,
 * batches that their makers write.
 */
export type SinkInput = RecordBatch | ReleasableColumns | SelfWritingBatch;

/** Prepares input for writing. Loads arrow-js only for its own record batches. */
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
