import type { ListColumn } from './column.js';
import type { ColumnMemory } from './column-memory.js';
import { int8Memory, int32Memory } from './memory.js';
import type { BatchPlace } from './place.js';

/** A record batch as plain columns, the form in which worker threads make batches and pass them on. */
export interface ColumnBatch {
  /** In the order of the record batch; all have the same rows. */
  columns: Record<string, ListColumn>;
  /** The rows' place in the whole input. */
  place: BatchPlace;
  /**
   * Where the values of `input_ids` lie, if their maker uses that memory again for a later batch; stages may add columns
   * to it. Absent if the columns are the batch's own.
   * @internal
   */
  memory?: ColumnMemory | undefined;
}

/** A batch that has its columns to itself: copies, if they lie in a {@link ColumnMemory}. */
export function ownColumns(batch: ColumnBatch): ColumnBatch {
  const { columns, place, memory } = batch;
  if (!memory) return batch;
  const own = Object.entries(columns).map(([name, { values, offsets }]) => {
    const make = values instanceof Int8Array ? int8Memory : int32Memory;
    const copy = make(values.length);
    copy.set(values);
    return [name, { values: copy, offsets: offsets.slice() }];
  });
  return { columns: Object.fromEntries(own), place };
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
