import type { ColumnBatch } from '@mlm/arrow/columns';
import type { EncodedBatch, SelfWritingBatch } from '@mlm/arrow/encoded';
import type { Unit } from '../source/unit.js';
import type { BatchPosition } from './held-batches.js';
import type { SkippedRecords } from './read-unit.js';
import type { WriteTurns } from './write-turns.js';

/** The result of a unit. */
export interface UnitResult {
  batches: ColumnBatch[];
  /** Records that were left out. */
  skipped: SkippedRecords[];
}

/** The result of a unit whose batches stay in the thread that made them, to be written there. */
export interface EncodedResult extends Omit<UnitResult, 'batches'> {
  encoded: EncodedBatch[];
}

/** A finished unit, as the pool returns it. */
export interface FinishedUnit extends Omit<UnitResult, 'batches'> {
  batches: (ColumnBatch | SelfWritingBatch)[];
  /** Returns memory of these batches, once nothing uses it, to be reused. */
  giveBack(memory: ArrayBuffer[]): void;
}

/** A thread that runs units. */
export interface UnitThread {
  /** Units given to it that it has not finished. */
  readonly pending: number;
  run(unit: Unit): Promise<FinishedUnit>;
  close(): Promise<void>;
}

/**
 * Batches of a unit that a thread holds, given its way to write one of them.
 * @param turns in which batches are written through the page cache; direct writes need none, since threads go on
 * meanwhile
 */
export function selfWriting(
  unit: number,
  encoded: readonly EncodedBatch[],
  turns: WriteTurns,
  write: (to: BatchPosition) => Promise<void>,
): SelfWritingBatch[] {
  return encoded.map((batch, i) => ({
    ...batch,
    write: (descriptor, position, direct) => {
      const to = { unit, batch: i, descriptor, position, direct };
      return direct === undefined ? turns.take(() => write(to)) : write(to);
    },
  }));
}
