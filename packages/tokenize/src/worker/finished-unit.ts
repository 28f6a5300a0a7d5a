import type { ColumnBatch } from '@mlm/arrow/columns';
import type { EncodedBatch, SelfWritingBatch } from '@mlm/arrow/encoded';
import type { SkippedRecords } from './read-unit.js';

/** What a unit gives. */
export interface UnitResult {
  batches: ColumnBatch[];
  /** Records that were left out. */
  skipped: SkippedRecords[];
}

/** What a unit gives whose batches stay in the thread that made them, which writes them. */
export interface EncodedResult extends Omit<UnitResult, 'batches'> {
  encoded: EncodedBatch[];
}

/** What became of a unit. */
export interface FinishedUnit extends Omit<UnitResult, 'batches'> {
  batches: (ColumnBatch | SelfWritingBatch)[];
  /** Takes memory of these batches back once nothing uses it any more. */
  giveBack(memory: ArrayBuffer[]): void;
}
