import type { ListColumn } from './column.js';
import type { BatchPlace } from './place.js';

/** A record batch as plain columns, the form in which worker threads make batches and pass them on. */
export interface ColumnBatch {
  /** In the order of the record batch; all have the same rows. */
  columns: Record<string, ListColumn>;
  /** The rows' place in the whole input. */
  place: BatchPlace;
}

/**
 * The memory of a batch as a transfer list for `postMessage`, which moves it to another thread without copying; the
 * batch can then no longer be used on this side.
 */
export function columnBuffers({ columns }: ColumnBatch): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  // Columns may share offsets, but a transfer list may contain a buffer only once.
  for (const { values, offsets } of Object.values(columns))
    for (const { buffer } of [values, offsets]) if (buffer instanceof ArrayBuffer) buffers.add(buffer);
  return [...buffers];
}
