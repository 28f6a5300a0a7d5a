import type { ColumnBatch } from '@mlm/arrow/columns';

/** What became of a unit. */
export interface FinishedUnit {
  batches: ColumnBatch[];
  /** Takes memory of these batches back once nothing uses it any more. */
  giveBack(memory: ArrayBuffer[]): void;
}
