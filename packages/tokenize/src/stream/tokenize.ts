import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Transform, type TransformCallback } from 'node:stream';
import type { BatchStage, ColumnBatch, DatasetDescription } from '@mlm/arrow/columns';
import type { SelfWritingBatch } from '@mlm/arrow/encoded';
import type { ReleasableColumns } from '@mlm/arrow/sink';
import { defined } from '@mlm/base/defined';
import { InputError, mention, OptionError, say } from '@mlm/base/errors';
import { type Given, settingsOf } from '@mlm/base/options';
import type { RecordBatch } from 'apache-arrow';
import { type dedupOptions, readDefaults, rowOptions } from '../options.js';
import type { DocumentKind, Unit } from '../source/unit.js';
import { giveBackUnit } from '../source/unit-memory.js';
import { refuseUnknownOptions } from '../source/unknown.js';
import { tokenizerMetadata, wordTokenizerMetadata } from '../tokenizer/metadata.js';
import type { Tokenizer } from '../tokenizer/types.js';
import type { FinishedUnit } from '../worker/finished-unit.js';
import { UnitPool } from '../worker/pool.js';
import type { SkippedRecords } from '../worker/read-unit.js';
import { rowFactorOf, type UnitWork } from '../worker/unit-worker.js';

/** Options of {@link tokenize}. */
export interface TokenizeOptions extends Given<typeof rowOptions> {
  /** From `loadTokenizer`. */
  tokenizer: Tokenizer;
  /** The field of .jsonl records that holds the text. Default: `text`. */
  textField?: string | undefined;
  /** Whether an unreadable record ends the run or is left out. Default: `fail`. */
  onBadRecord?: 'fail' | 'skip' | undefined;
  /** Called with the records that a unit left out, in the order of the units. Default: they are only counted. */
  onSkipped?: ((unit: number, skipped: readonly SkippedRecords[]) => void) | undefined;
  /** Stages to run on each batch in the thread that made it, for example `maskStage(rule)`. Default: none. */
  stages?: BatchStage[];
  /**
   * Reuse the memory of a batch once a sink of this project has written it, and that of a unit once it is done. Only for
   * a pipeline in which nothing else keeps batches or units. Default: false.
   */
  reusesMemory?: boolean;
}

/**
 * A transform of work units (from `textFiles` or `texts`) into record batches of token ids, `input_ids: list<int32>`,
 * in the order of the units, whichever thread finishes first. Each batch carries its place and the description of its
 * dataset. The calling thread is one of the `workers`: it runs a unit (about 40 ms) whenever the others have all that
 * they can take.
 * @throws InputError for a wrong option; as the stream's error if a unit cannot be read, or if what arrives is not a
 * unit
 *
 * @example
 * ```ts
 * import { loadTokenizer, textFiles, tokenize } from '@mlm/tokenize';
 *
 * const tokenizer = await loadTokenizer();
 * for await (const batch of textFiles(['corpus/']).pipe(tokenize({ tokenizer }))) console.log(batch.numRows);
 * ```
 */
export function tokenize(options: TokenizeOptions): Transform {
  refuseUnknownOptions(options);
  // apache-arrow is loaded only at the first result, while the first units are worked on.
  const stream = new TokenizeStream(options, (document) => batchMaker(options, document));
  stream.useThisThread();
  return stream;
}

/** A batch of {@link tokenizeToColumns}. */
export type SinkBatch = ReleasableColumns | SelfWritingBatch;

/**
 * Like {@link tokenize}, but without apache-arrow: the batches are plain columns or, with `writes`, stay in the threads
 * that made them and are written there. Call `useThisThread` once this thread may run units too, and `close`, which
 * ends the threads, once the sink is done.
 */
export function tokenizeToColumns(
  options: Omit<TokenizeOptions, 'reusesMemory'>,
  writes: boolean,
): { batches: Transform; useThisThread(): void; close(): Promise<void> } {
  const results = async (): Promise<UnitResults> => (unit) =>
    unit.batches.map((batch) => ('write' in batch ? batch : { ...batch, giveBack: unit.giveBack }));
  const batches = new TokenizeStream(options, results, writes, true);
  return { batches, useThisThread: () => batches.useThisThread(), close: () => batches.close() };
}

/** Converts a finished unit to what the stream emits. */
type UnitResults = (unit: FinishedUnit) => (RecordBatch | SinkBatch)[];

class TokenizeStream extends Transform {
  private readonly pool: UnitPool;
  /** Units in progress, in order. */
  private readonly inProgress: Promise<FinishedUnit>[] = [];
  /** Rows that the limit leaves. */
  private rowsLeft: number;
  private readonly rowFactor: number;
  private document: DocumentKind | undefined;
  private resultsOf: UnitResults | undefined;
  private pushing: Promise<void> | undefined;
  /** The callback that asks for more, and how many units may be in progress when it is called. */
  private waiting: { most: number; callback: () => void } | undefined;
  /** Called when the reader has room. */
  private onRead: (() => void) | undefined;

  constructor(
    private readonly options: TokenizeOptions,
    private readonly makeResults: (document: DocumentKind) => Promise<UnitResults>,
    private readonly writes = false,
    private readonly reusesMemory = options.reusesMemory === true,
  ) {
    super({ objectMode: true, writableHighWaterMark: 1, readableHighWaterMark: 2 });
    const { tokenizer, textField = readDefaults.textField, stages = [] } = options;
    const settings = settingsOf(rowOptions, options);
    const { sequenceLength, pack, lineByLine, overflow, evalFraction, evalBy, splitBy, seed } = settings;
    if (lineByLine && pack === 'documents')
      throw new OptionError(
        say`${mention('lineByLine')} makes a row of each line and packs none; leave out ${mention('pack', pack)}, or give ${mention('document', 'line')} instead`,
      );
    const { workers = availableParallelism() } = settings;
    const { limit } = options;
    const work: UnitWork = {
      specialIds: tokenizer.specialIds,
      sequenceLength,
      pack,
      lineByLine,
      overflow,
      evalFraction,
      evalBy,
      splitBy,
      seed,
      textField,
      skipsBadRecords: options.onBadRecord === 'skip',
      stages,
    };
    this.rowFactor = rowFactorOf(stages);
    if (limit !== undefined && limit % this.rowFactor !== 0)
      throw new InputError(
        say`${mention('limit')} is ${limit}, expected a multiple of ${this.rowFactor}, the number of times that each row is written`,
      );
    this.rowsLeft = limit ?? Number.POSITIVE_INFINITY;
    this.pool = new UnitPool(workers, tokenizer, work, writes);
  }

  override _transform(unit: Unit, _encoding: string, callback: TransformCallback): void {
    if (!isUnit(unit)) {
      callback(notUnit(unit));
      return;
    }
    this.document ??= unit.parts[0]?.document ?? readDefaults.document;
    if (this.rowsLeft === 0) {
      callback();
      return;
    }
    const isLimited = Number.isFinite(this.rowsLeft);
    const finished = this.pool.run(isLimited ? { ...unit, rowLimit: this.rowsLeft } : unit);
    // A later unit may fail while an earlier one is awaited; its error is thrown in its turn.
    const done = () => this.reusesMemory && giveBackUnit(unit);
    finished.then(done, done);
    this.inProgress.push(finished);
    this.pushing ??= this.pushFinished();
    // With a limit, a unit may make only the rows that those before it leave.
    this.waiting = { most: isLimited ? 0 : this.pool.capacity - 1, callback };
    this.acceptMore();
  }

  override _flush(callback: TransformCallback): void {
    this.pool.finish();
    const closed = () => settle(this.writes ? Promise.resolve() : this.pool.close(), callback);
    this.waiting = { most: 0, callback: closed };
    this.acceptMore();
  }

  override _read(size: number): void {
    this.onRead?.();
    super._read(size);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // Batches that have been handed on may still be waiting for their threads to write them.
    const closed = this.writes ? Promise.resolve() : this.pool.close();
    closed.then(
      () => callback(error),
      (failure: Error) => callback(error ?? failure),
    );
  }

  /** From now on, the calling thread runs units too. */
  useThisThread(): void {
    this.pool.useThisThread();
  }

  /** Ends the threads. */
  close(): Promise<void> {
    return this.pool.close();
  }

  /**
   * Emits units in order as soon as they are finished, whether or not more of them arrive: until then, threads hold
   * their rows.
   */
  private async pushFinished(): Promise<void> {
    try {
      while (this.inProgress.length > 0) {
        await this.pushNext();
        this.acceptMore();
      }
      this.pushing = undefined;
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  private async pushNext(): Promise<void> {
    this.resultsOf ??= await this.makeResults(this.document ?? readDefaults.document);
    const finished = await this.inProgress[0]!;
    const unit = finished.batches[0]?.place.unit;
    if (finished.skipped.length > 0 && unit !== undefined) this.options.onSkipped?.(unit, finished.skipped);
    for (const batch of finished.batches) this.rowsLeft -= rowsOf(batch);
    for (const result of this.resultsOf(finished)) {
      const isFull = !this.push(result);
      if (isFull) await new Promise<void>((resolve) => (this.onRead = resolve));
    }
    this.inProgress.shift();
  }

  /** Accepts the next unit, or the end, once few enough units are in progress. */
  private acceptMore(): void {
    if (this.waiting === undefined || this.inProgress.length > this.waiting.most) return;
    const { callback } = this.waiting;
    this.waiting = undefined;
    callback();
  }
}

function rowsOf(batch: ColumnBatch | SelfWritingBatch): number {
  return 'write' in batch ? batch.rows : batch.columns.input_ids!.offsets.length - 1;
}

/** Converts batches of the pool to record batches. */
async function batchMaker(options: TokenizeOptions, document: DocumentKind) {
  const { describeBatches, onRelease, recordBatch } = await import('@mlm/arrow');
  const describe = describeBatches(describeDataset(options, document));
  return ({ batches, giveBack }: FinishedUnit): RecordBatch[] =>
    batches.map((columns) => {
      if ('write' in columns) throw new Error('these batches are not here');
      const batch = recordBatch(columns);
      if (options.reusesMemory === true) onRelease(batch, giveBack);
      return describe(batch);
    });
}

/** What the dataset's metadata says before any row is written. */
export function describeDataset(
  options: TokenizeOptions & Given<typeof dedupOptions>,
  document: DocumentKind,
): DatasetDescription {
  const { tokenizer, stages = [], dedup } = options;
  const { sequenceLength, pack, lineByLine, overflow, tokenizerFiles } = settingsOf(rowOptions, options);
  const hasDocuments = pack === 'documents';
  const description: DatasetDescription = {
    format_version: hasDocuments ? 2 : 1,
    generator: `mlm ${version()}`,
    tokenizer: tokenizerMetadata(tokenizer),
    sequence_length: sequenceLength,
    cut: defined({
      document,
      line_by_line: lineByLine,
      overflow,
      pack: hasDocuments ? pack : undefined,
      dedup,
    }),
    masking: null,
  };
  for (const stage of stages) Object.assign(description, stage.description);
  if (description.format_version > 1) description.tokenizer = wordTokenizerMetadata(tokenizer);
  if (!tokenizerFiles) description.tokenizer = { ...description.tokenizer, files: {} };
  return description;
}

let knownVersion: string | undefined;

/** This package's own. */
function version(): string {
  if (knownVersion === undefined) {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    knownVersion = (JSON.parse(manifest) as { version: string }).version;
  }
  return knownVersion;
}

function isUnit(value: unknown): value is Unit {
  if (typeof value !== 'object' || value === null) return false;
  const { number, parts } = value as Partial<Unit>;
  return typeof number === 'number' && Array.isArray(parts);
}

function notUnit(value: unknown): InputError {
  const kind = value instanceof Uint8Array ? 'bytes' : typeof value;
  return new InputError(
    `tokenize reads the work units of textFiles(…) or texts(…), but was given ${kind}; for texts of your own: pipeline(texts([…]), tokenize(…), …)`,
  );
}

function settle(promise: Promise<void>, callback: TransformCallback): void {
  promise.then(() => callback(), callback);
}
