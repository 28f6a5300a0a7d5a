import type { RecordBatch } from 'apache-arrow';
import { type ListColumn, listColumn } from './column.js';
import { listBatch } from './create.js';

/** A batch of list columns in a form that `postMessage` takes. */
export interface TransferableBatch {
  columns: Record<string, ListColumn>;
  metadata: Map<string, string>;
}

/**
 * Takes a batch of list columns apart for another thread. `postMessage(message, transfer)` then moves the buffers
 * instead of copying them, so the batch must not be used any more on this side.
 */
export function toTransferable(batch: RecordBatch): { message: TransferableBatch; transfer: ArrayBuffer[] } {
  const columns: Record<string, ListColumn> = {};
  const buffers = new Set<ArrayBuffer>();
  for (const { name } of batch.schema.fields) {
    const column = listColumn(batch, name);
    columns[name] = column;
    // Columns may share their offsets: a buffer may stand only once in the transfer list.
    for (const { buffer } of [column.values, column.offsets])
      if (buffer instanceof ArrayBuffer) buffers.add(buffer);
  }
  return { message: { columns, metadata: batch.metadata }, transfer: [...buffers] };
}

/** Puts a batch together again on the other side of {@link toTransferable}. */
export function fromTransferable({ columns, metadata }: TransferableBatch): RecordBatch {
  return listBatch(columns, metadata);
}
