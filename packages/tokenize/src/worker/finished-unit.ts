import type { ColumnBatch } from '@mlm/arrow/columns';
import type { SkippedRecords } from './read-unit.js';

/** What a unit gives. */
export interface UnitResult {
  batches: ColumnBatch[];
  /** Records that were left out. */
  skipped: SkippedRecords[];
}

/** What became of a unit. */
export interface FinishedUnit extends UnitResult {
  /** Takes memory of these batches back once nothing uses it any more. */
  giveBack(memory: ArrayBuffer[]): void;
}
