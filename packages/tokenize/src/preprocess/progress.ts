import type { DatasetCounts } from '@mlm/arrow';
import type { JournalEntry } from '@mlm/arrow/sink';
import type { Unit } from '../source/unit.js';
import type { SinkBatch } from '../stream/tokenize.js';
import { sinks } from './output.js';

/** Progress of a run. */
export interface PreprocessProgress {
  /** Bytes of input on disk processed, including units that an interrupted run finished. */
  bytes: number;
  /** Bytes of all input on disk, or of this share of it; 0 when it cannot be known (standard input). */
  totalBytes: number;
  /** Bytes of text, decompressed, that this run has processed. */
  textBytes: number;
  /** Rows written so far, those of both splits. */
  rows: number;
  /** Special tokens included. */
  tokens: number;
}

/** Counts what a run has done. */
export class RunProgress {
  /** Always the same object. */
  readonly figures: PreprocessProgress;
  /** Validation rows, those of an interrupted run included. */
  validationRows = 0;
  /** Sums over the batches of this run. */
  readonly counts: DatasetCounts = { rows: 0, tokens: 0 };
  /** Where units in progress end in the input. */
  private readonly inputEnds = new Map<number, number>();

  /**
   * @param range - bytes of the input on disk that are processed
   * @param finished - units of an interrupted run
   */
  constructor(
    private readonly range: { from: number; to: number },
    finished: readonly JournalEntry[],
  ) {
    const totalBytes = Math.round(range.to - range.from);
    this.figures = { bytes: 0, totalBytes, textBytes: 0, rows: 0, tokens: 0 };
    for (const { counts, splits } of finished) {
      this.figures.rows += counts.rows ?? 0;
      this.figures.tokens += counts.tokens ?? 0;
      this.validationRows += splits.validation?.rows ?? 0;
    }
  }

  /** Notes where a unit ends. */
  begin({ number, inputEnd }: Unit): void {
    if (inputEnd !== undefined) this.inputEnds.set(number, inputEnd);
  }

  /** Adds a batch. */
  async add(batch: SinkBatch): Promise<void> {
    const { addCounts, countsOfColumns } = await sinks();
    const { figures, range, inputEnds } = this;
    const { unit, counts, split } = batch.place;
    figures.textBytes += counts?.bytes ?? 0;
    figures.bytes = Math.max(figures.bytes, Math.round((inputEnds.get(unit) ?? range.from) - range.from));
    inputEnds.delete(unit - 1);
    const counted = 'write' in batch ? batch.counts : countsOfColumns(batch);
    figures.rows += counted.rows;
    figures.tokens += counted.tokens;
    if (split === 'validation') this.validationRows += counted.rows;
    addCounts(this.counts, counted);
  }
}
