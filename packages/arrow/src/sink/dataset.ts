import { rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import {
  checkTarget,
  exists,
  InputError,
  lockOutput,
  mention,
  type OutputLock,
  type Replaceable,
  say,
} from '@mlm/base';
import { type Field, type RecordBatch, Schema } from 'apache-arrow';
import { descriptionOf, placeOf } from '../batch/place.js';
import { releaseBatch } from '../batch/release.js';
import {
  type DatasetCounts,
  type DatasetDescription,
  type DatasetMetadata,
  METADATA_KEY,
  type Split,
} from '../metadata.js';
import { metadataText } from '../metadata-text.js';
import { addCounts, countsOf } from './count.js';
import {
  type FinishedUnit,
  type Job,
  Journal,
  partialContents,
  partialFolder,
  removePartial,
} from './journal.js';
import { type SplitLayout, SplitWriter } from './split.js';
import { writeError } from './writer.js';

/** How a dataset is written to disk: {@link arrowFile} and {@link datasetFolder}. */
export interface DatasetSinkOptions {
  /** What the dataset is. Default: what the batches' schema says, as the steps before have put it there. */
  description?: DatasetDescription;
  /** Replace an existing target that is a dataset, and an existing partial one. Default: false. */
  overwrite?: boolean;
  /** Files and folders that are read: a target that is or contains one of them is refused. Default: none. */
  inputs?: readonly string[];
  /**
   * Go on with an interrupted run's partial target, if there is one; the stream must then begin after the units finished
   * there (`finishedUnits`). Default: false.
   */
  resume?: boolean;
  /** Take the output from a process on another machine that seems to be writing it. Default: false. */
  takeOver?: boolean;
  /** Inputs and options of this run; a resumed run must have the same. Default: none. */
  job?: Job;
  /**
   * Stands in the metadata instead of what this stream counts, for a dataset that is put together of others. Default: what
   * is counted.
   */
  counts?: DatasetCounts;
}

/**
 * What a layout of files adds to the common sink: where files are written and how they become the target.
 * @internal
 */
export interface DatasetLayout extends SplitLayout {
  /** Everything that must not exist yet, and is replaced by `overwrite`. */
  targets: string[];
  /** What a target must be to be replaced. */
  replaceable: Replaceable;
  /** Schema metadata beside the dataset's description. */
  schemaMetadata?(fields: Field[]): Map<string, string>;
  /** Undoes what a run that was killed while finishing had moved in place. */
  moveBack(): Promise<void>;
  /** Writes what belongs beside the rows and moves all in place. */
  publish(writers: SplitWriter[], metadata: (writer: SplitWriter) => DatasetMetadata): Promise<void>;
}

/**
 * An object stream that takes record batches in the order of their units and makes a dataset of them on disk. All batches
 * have the columns of the first.
 */
export class DatasetSink extends Writable {
  /** Sums over what has been written so far. */
  readonly counts: DatasetCounts = { rows: 0, tokens: 0 };
  private readonly locks: OutputLock[] = [];
  private journal: Journal | undefined;
  private readonly writers = new Map<Split, SplitWriter>();
  private schema: Schema | undefined;
  private description: DatasetDescription | undefined;
  /** The unit whose batches are arriving. */
  private unit = -1;
  private unitCounts: Record<string, number> = {};
  private hasFinishedUnits = false;
  /** The unit of the last batch that this run (not one before it) wrote; −1 before the first. */
  private writtenUnit = -1;

  /** @internal {@link arrowFile} and {@link datasetFolder} make sinks. */
  constructor(
    private readonly path: string,
    private readonly layout: DatasetLayout,
    private readonly options: DatasetSinkOptions = {},
  ) {
    super({ objectMode: true, highWaterMark: 2 });
    this.description = options.description;
  }

  /** @internal */
  override _construct(callback: (error?: Error | null) => void): void {
    settle(this.begin(), callback);
  }

  /** @internal */
  override _write(batch: RecordBatch, _encoding: string, callback: (error?: Error | null) => void): void {
    settle(this.writeBatch(batch), callback);
  }

  /** @internal */
  override _final(callback: (error?: Error | null) => void): void {
    settle(this.finish(), callback);
  }

  /** @internal */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    settle(this.release(error !== null), (failure) => callback(error ?? failure ?? null));
  }

  private async begin(): Promise<void> {
    const { overwrite = false, resume = false, takeOver = false, job = {} } = this.options;
    for (const target of this.layout.targets) this.locks.push(await lockOutput(target, { takeOver }));
    const partial = partialFolder(this.path);
    if (resume && (await exists(partial))) {
      this.journal = await Journal.resume(partial, job);
      if (this.journal.wasPublishing) await this.layout.moveBack();
      await this.restore(this.journal.finished);
    }
    this.checkTargets();
    if (this.journal) return;
    if (overwrite) {
      checkTarget(partial, partialContents, this.options);
      await removePartial(this.path);
    }
    if (await exists(partial))
      throw new InputError(
        say`${partial} is left from an interrupted run; add ${mention('resume')} or ${mention('overwrite')}`,
      );
    this.journal = await Journal.create(partial, job).catch((error: unknown) => {
      throw writeError(error, partial);
    });
  }

  private checkTargets(): void {
    for (const target of this.layout.targets) checkTarget(target, this.layout.replaceable, this.options);
  }

  private async restore(finished: FinishedUnit[]): Promise<void> {
    for (const split of ['train', 'validation'] as const) {
      const writer = await SplitWriter.resume(split, this.layout, finished);
      if (writer) this.writers.set(split, writer);
    }
    for (const { unit, counts } of finished) {
      this.unit = unit;
      addCounts(this.counts, counts);
    }
    this.hasFinishedUnits = finished.length > 0;
    const text = this.writers.get('train')?.schema.metadata.get(METADATA_KEY);
    if (text) this.description ??= JSON.parse(text) as DatasetDescription;
  }

  private async writeBatch(batch: RecordBatch): Promise<void> {
    const place = placeOf(batch) ?? { unit: this.unit + 1, firstRow: 0, split: 'train' as const };
    this.description ??= descriptionOf(batch);
    this.schema ??= new Schema(batch.schema.fields);
    if (place.unit < this.unit || (place.unit === this.unit && this.writtenUnit !== place.unit))
      throw new Error(`unit ${place.unit} arrived after unit ${this.unit}`);
    if (place.unit > this.unit) await this.endUnit();
    this.unit = place.unit;
    this.writtenUnit = place.unit;
    addCounts(this.unitCounts, countsOf(batch));
    // The train file is there even when all rows are held out; a held-out file only when it has rows.
    await this.writerOf('train');
    if (place.split === 'validation' && batch.numRows === 0) return;
    const writer = await this.writerOf(place.split);
    await writer.write(batch);
    releaseBatch(batch);
  }

  private async endUnit(): Promise<void> {
    if (this.writtenUnit < 0) return;
    const splits: FinishedUnit['splits'] = {};
    for (const [split, writer] of this.writers) splits[split] = writer.endUnit(this.unit);
    await this.journal!.append({ unit: this.unit, splits, counts: this.unitCounts });
    addCounts(this.counts, this.unitCounts);
    this.unitCounts = {};
    this.hasFinishedUnits = true;
  }

  private async writerOf(split: Split): Promise<SplitWriter> {
    const known = this.writers.get(split);
    if (known) return known;
    const writer = await SplitWriter.create(split, this.layout, this.schemaFor(split));
    this.writers.set(split, writer);
    return writer;
  }

  /** The schema that stands first, before anything is counted. */
  private schemaFor(split: Split): Schema {
    const { fields } = this.schema!;
    const metadata = this.layout.schemaMetadata?.(fields) ?? new Map<string, string>();
    if (this.description) {
      const leading: DatasetMetadata = { ...this.description, split, rows_per_unit: [] };
      metadata.set(METADATA_KEY, metadataText(leading));
    }
    return new Schema(fields, metadata);
  }

  private async finish(): Promise<void> {
    await this.endUnit();
    const writers = [...this.writers.values()];
    if (writers.length === 0) throw new InputError(`${this.path}: nothing to write: no record batch arrived`);
    for (const writer of writers) {
      const metadata = new Map(writer.schema.metadata);
      if (this.description) metadata.set(METADATA_KEY, metadataText(this.metadataOf(writer)));
      await writer.finish(new Schema(writer.schema.fields, metadata));
    }
    this.checkTargets();
    for (const lock of this.locks) lock.check();
    await this.journal!.appendPublishing();
    await this.journal!.close();
    this.journal = undefined;
    if (this.options.overwrite)
      for (const target of this.layout.targets) await rm(target, { recursive: true, force: true });
    await this.layout.publish(writers, (writer) => this.metadataOf(writer));
    for (const lock of this.locks) lock.noteFinished();
    await removePartial(this.path);
    for (const lock of this.locks) lock.release();
  }

  private metadataOf(writer: SplitWriter): DatasetMetadata {
    const rows_per_unit = writer.rowsPerUnit;
    return {
      ...this.description!,
      split: writer.split,
      rows_per_unit,
      counts: this.options.counts ?? this.counts,
    };
  }

  /** Work that a later run can go on with is kept; an empty partial target is not. */
  private async release(failed: boolean): Promise<void> {
    if (this.journal) {
      await this.journal.close();
      for (const writer of this.writers.values()) await writer.close();
      if (failed && !this.hasFinishedUnits) await removePartial(this.path);
    }
    for (const lock of this.locks) lock.release();
  }
}

function settle(promise: Promise<void>, callback: (error?: Error | null) => void): void {
  promise.then(() => callback(), callback);
}
