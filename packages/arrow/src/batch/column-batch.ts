import type { ListColumn } from './column.js';
import type { BatchPlace } from './place.js';

/** A record batch as plain columns, the form in which worker threads make batches and hand them over. */
export interface ColumnBatch {
  /** In the order of the record batch; all have the same rows. */
  columns: Record<string, ListColumn>;
  /** Where the rows stand in the whole input. */
  place: BatchPlace;
}

/**
 * The memory of a batch, as the transfer list that moves it to another thread with `postMessage` instead of copying it:
 * the batch must then not be used any more on this side.
 */
export function columnBuffers({ columns }: ColumnBatch): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  // Columns may share their offsets: a buffer may stand only once in the transfer list.
  for (const { values, offsets } of Object.values(columns))
    for (const { buffer } of [values, offsets]) if (buffer instanceof ArrayBuffer) buffers.add(buffer);
  return [...buffers];
}
