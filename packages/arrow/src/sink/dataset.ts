import { Writable } from 'node:stream';
import { InputError, writeError } from '@mlm/base';
import { defined } from '@mlm/base/defined';
import {
  type DatasetCounts,
  type DatasetDescription,
  type DatasetMetadata,
  METADATA_KEY,
  type Split,
} from '../metadata.js';
import { metadataJson, type SchemaMetadata, valueText } from '../metadata-text.js';
import { addCounts } from './counts.js';
import type { RowColumns } from './encodable.js';
import { type Journal, type JournalEntry, partialFolder, removePartial } from './journal.js';
import { DatasetOutput, type DatasetOutputOptions, type OutputLayout } from './output.js';
import { type SinkInput, sinkRows } from './rows.js';
import { type SplitLayout, SplitWriter } from './split.js';
import { UnitLog } from './unit-log.js';

/** Options of {@link arrowFile} and {@link datasetFolder}. */
export interface DatasetSinkOptions extends DatasetOutputOptions {
  /** The dataset's description. Default: the one in the batches' schema, where earlier steps put it. */
  description?: DatasetDescription;
  /** Counts for the metadata of a dataset that is merged from others. Default: the counts of this stream. */
  counts?: DatasetCounts;
}

/**
 * A layout of files for the common sink: where files are written and how they become the target.
 * @internal
 */
export interface DatasetLayout extends SplitLayout, OutputLayout {
  /** Schema metadata in addition to the dataset's description. */
  schemaMetadata?(columns: RowColumns): Map<string, string | Uint8Array>;
  /** Adds the files beside the rows and gives all files their final names inside the working folder, synced to disk. */
  prepare(writers: SplitWriter[], metadata: (writer: SplitWriter) => DatasetMetadata): Promise<void>;
}

/**
 * An object stream that writes record batches, in the order of their units, as a dataset on disk. All batches must have
 * the columns of the first.
 *
 * @example
 * ```ts
 * import { arrowFile, type DatasetSink } from '@mlm/arrow';
 *
 * const sink: DatasetSink = arrowFile('out.arrow', { overwrite: true });
 * ```
 */
export class DatasetSink extends Writable {
  /** Counts over the units written so far. */
  readonly counts: DatasetCounts = { rows: 0, tokens: 0 };
  private readonly output: DatasetOutput;
  private journal: Journal | undefined;
  private log: UnitLog | undefined;
  private begun: Promise<void> | undefined;
  private writing: Promise<void> = Promise.resolve();
  /** Whether an interrupted run had written everything, so nothing is left to do. */
  isComplete = false;
  private finished: readonly JournalEntry[] = [];
  private readonly writers = new Map<Split, SplitWriter>();
  private columns: RowColumns | undefined;
  private description: DatasetDescription | undefined;
  /** The unit whose batches are arriving. */
  private unit = -1;
  private unitCounts: Record<string, number> = {};
  private hasFinishedUnits = false;
  /** The unit of the last batch that this run, not an earlier one, wrote; −1 before the first. */
  private writtenUnit = -1;

  /** @internal {@link arrowFile} and {@link datasetFolder} make sinks. */
  constructor(
    private readonly path: string,
    private readonly layout: DatasetLayout,
    private readonly options: DatasetSinkOptions = {},
  ) {
    super({ objectMode: true, highWaterMark: 2 });
    this.description = options.description;
    this.output = new DatasetOutput(path, layout, options);
  }

  /** @internal */
  override _construct(callback: (error?: Error | null) => void): void {
    this.begun = this.begin();
    this.settle(this.begun, callback);
  }

  /** @internal */
  override _write(batch: SinkInput, _encoding: string, callback: (error?: Error | null) => void): void {
    this.writing = this.writeBatch(batch);
    this.settle(this.writing, callback);
  }

  /** @internal */
  override _final(callback: (error?: Error | null) => void): void {
    this.settle(this.finish(), callback);
  }

  /** @internal */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.settle(this.release(error !== null), (failure) => callback(error ?? failure ?? null));
  }

  /**
   * Waits until the sink owns the output and knows what an interrupted run left.
   * @returns the units that are already written; if {@link isComplete}, all are
   */
  async ready(): Promise<readonly JournalEntry[]> {
    // Node constructs a stream in the next tick.
    await new Promise((resolve) => process.nextTick(resolve));
    await this.begun;
    return this.finished;
  }

  private async begin(): Promise<void> {
    const work = await this.output.open();
    if (!work) {
      this.isComplete = true;
      return;
    }
    this.finished = work.finished;
    this.journal = work.journal;
    this.log = new UnitLog(work.journal, async () => {
      for (const writer of this.writers.values()) await writer.sync();
    });
    for (const split of ['train', 'validation'] as const) {
      const writer = await SplitWriter.resume(split, this.layout, this.finished);
      if (writer) this.writers.set(split, writer);
    }
    for (const { unit, counts } of this.finished) {
      this.unit = unit;
      addCounts(this.counts, counts);
    }
    this.hasFinishedUnits = this.finished.length > 0;
    const text = this.writers.get('train')?.metadata.get(METADATA_KEY);
    if (text) this.description ??= JSON.parse(valueText(text)) as DatasetDescription;
  }

  private async writeBatch(input: SinkInput): Promise<void> {
    if (this.isComplete) return;
    const batch = await sinkRows(input);
    const place = batch.place ?? { unit: this.unit + 1, firstRow: 0, split: 'train' as const };
    this.description ??= batch.description;
    this.columns ??= batch.columns;
    if (place.unit < this.unit || (place.unit === this.unit && this.writtenUnit !== place.unit))
      throw new Error(`unit ${place.unit} arrived after unit ${this.unit}`);
    if (place.unit > this.unit) this.endUnit();
    this.unit = place.unit;
    this.writtenUnit = place.unit;
    addCounts(this.unitCounts, batch.counts);
    // The train file exists even if all rows go to validation; a validation file only if it has rows.
    await this.writerOf('train');
    if (place.split === 'validation' && batch.rows === 0) return;
    const writer = await this.writerOf(place.split);
    await writer.write(batch);
    batch.release();
  }

  private endUnit(): void {
    if (this.writtenUnit < 0) return;
    const splits: JournalEntry['splits'] = {};
    for (const [split, writer] of this.writers) splits[split] = writer.endUnit(this.unit);
    const used = this.options.usedInputs?.after(this.unit);
    this.log!.add({ unit: this.unit, splits, counts: this.unitCounts, ...defined({ used }) });
    addCounts(this.counts, this.unitCounts);
    this.unitCounts = {};
    this.hasFinishedUnits = true;
  }

  private async writerOf(split: Split): Promise<SplitWriter> {
    const known = this.writers.get(split);
    if (known) return known;
    const writer = await SplitWriter.create(split, this.layout, this.columns!, this.leadingMetadata(split));
    this.writers.set(split, writer);
    return writer;
  }

  /** The metadata of the leading schema, before anything is counted. */
  private leadingMetadata(split: Split): SchemaMetadata {
    const metadata = this.layout.schemaMetadata?.(this.columns!) ?? new Map<string, string | Uint8Array>();
    if (this.description) {
      const leading: DatasetMetadata = { ...this.description, split, rows_per_unit: [] };
      metadata.set(METADATA_KEY, metadataJson(leading));
    }
    return metadata;
  }

  private async finish(): Promise<void> {
    if (this.isComplete) return;
    this.endUnit();
    const writers = [...this.writers.values()];
    if (writers.length === 0) throw new InputError(`${this.path}: nothing to write: no record batch arrived`);
    // Each sync costs some milliseconds: the last units are recorded together with the whole.
    const finishing = this.finishSplits(writers);
    const [log, splits] = await Promise.allSettled([this.log!.hold(), finishing]);
    if (log.status === 'rejected') throw log.reason;
    if (splits.status === 'rejected') throw splits.reason;
    const unrecorded = log.value;
    await this.layout.prepare(writers, (writer) => this.metadataOf(writer));
    this.output.check();
    await this.journal!.appendPublishing(unrecorded);
    await this.journal!.close();
    this.journal = undefined;
    await this.output.publish(this.writers.has('validation'));
    this.output.release();
  }

  private async finishSplits(writers: readonly SplitWriter[]): Promise<void> {
    for (const writer of writers) {
      const metadata = new Map(writer.metadata);
      if (this.description) metadata.set(METADATA_KEY, metadataJson(this.metadataOf(writer)));
      await writer.finish(metadata);
    }
  }

  private metadataOf(writer: SplitWriter): DatasetMetadata {
    const rows_per_unit = writer.rowsPerUnit;
    // `maskable` is for the report; the metadata keeps its set of names.
    const { maskable, ...counts } = this.counts;
    return {
      ...this.description!,
      split: writer.split,
      rows_per_unit,
      counts: this.options.counts ?? (counts as DatasetCounts),
    };
  }

  /** Keeps work that a later run can resume, and removes an empty working folder. */
  private async release(failed: boolean): Promise<void> {
    // Node destroys a stream without waiting for a batch that is being written.
    await this.writing.catch(() => {});
    try {
      if (!this.journal) return;
      await this.log?.close().catch((error: unknown) => {
        if (!failed) throw error;
      });
      await this.journal.close();
      for (const writer of this.writers.values()) await writer.close();
      if (failed && !this.hasFinishedUnits) await removePartial(this.path);
    } finally {
      this.output.release();
    }
  }

  /** Runs a step of the stream; errors of the file system become a line that says what to do. */
  private settle(step: Promise<void>, callback: (error?: Error | null) => void): void {
    step.then(
      () => callback(),
      (error: NodeJS.ErrnoException) => {
        const resumable = this.options.job !== undefined;
        callback(writeError(error, error.path ?? partialFolder(this.path), { resumable }) as Error);
      },
    );
  }
}
