import { once } from 'node:events';
import { statSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DatasetCounts } from '@mlm/arrow';
import type { JournalEntry, RunSettings } from '@mlm/arrow/sink';
import { InputError, isWithin, refuseUrl } from '@mlm/base';
import { type Given, refuseUnknown, settingsOf } from '@mlm/base/options';
import { preprocessOptions } from '../options.js';
import { type InputFiles, listFiles } from '../source/list.js';
import { bytesOfShare, type PlanOptions } from '../source/plan.js';
import { textFiles } from '../source/text-files.js';
import type { Unit } from '../source/unit.js';
import { knownOptions } from '../source/unknown.js';
import {
  describeDataset,
  type SinkBatch,
  type TokenizeOptions,
  tokenizeToColumns,
} from '../stream/tokenize.js';
import { BadRecordLog, type BadRecords, badRecordList } from './bad-records.js';
import { jobOf } from './job.js';
import { partPath } from './share.js';
import { UsedFiles } from './used-files.js';

/** Options of {@link preprocess}: those of `tokenize` and `textFiles`, and where to read and write. */
export interface PreprocessOptions
  extends Given<typeof preprocessOptions>,
    Pick<TokenizeOptions, 'tokenizer' | 'stages' | 'reusesMemory'>,
    Pick<PlanOptions, 'share'> {
  /** Folders, files, globs, `-`; or what `listFiles` found. */
  inputs: readonly string[] | InputFiles;
  /** An `.arrow` file, a dataset folder, or `-` for an Arrow stream on standard output. */
  output: string;
  /**
   * What a run that resumes this one finds by `settingsOfInterrupted` of `@mlm/arrow/sink`: plain JSON, such as how this
   * function was called. Default: nothing.
   */
  settings?: RunSettings | undefined;
  /** Where `-` writes to. Default: standard output. */
  stdout?: Writable | undefined;
  /** Called after each batch, always with the same object. Default: none. */
  onProgress?: (progress: PreprocessProgress) => void;
  /** Aborts the run with an AbortError; finished units are kept for `resume`. Default: none. */
  signal?: AbortSignal;
}

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

/** The result of a run. */
export interface PreprocessReport {
  /** Sums over the whole dataset: rows, tokens, documents, bytes, invalid_utf8, and what the stages count. */
  counts: DatasetCounts;
  /** The file or folder written; a part when the work is shared. */
  output: string;
  /** Files read. */
  files: number;
  /** Files in folders that were left out because their extension is unknown. */
  skipped: number;
  /** Bytes of text done, decompressed, by this run; `counts.bytes` has those of an interrupted run too. */
  textBytes: number;
  /** Units that an interrupted run had finished. */
  resumedUnits: number;
  /** Validation rows written, including those of an interrupted run. */
  validationRows: number;
  /** Records that were left out, with `onBadRecord: 'skip'`. */
  badRecords: BadRecords | undefined;
}

/**
 * Text in, dataset out: `textFiles`, `tokenize` (with its stages) and a sink, joined. The result depends on the bytes
 * of the input and the options alone, not on workers, interruptions or shares.
 * @throws InputError for unreadable input, an output that may not be written, or a wrong option; AbortError when
 * `signal` aborts
 *
 * @example
 * ```ts
 * import { maskingDefaults, maskingRule, maskStage } from '@mlm/masking';
 * import { loadTokenizer, preprocess } from '@mlm/tokenize';
 *
 * const tokenizer = await loadTokenizer();
 * const stages = [maskStage(maskingRule(tokenizer, maskingDefaults))];
 * const { counts } = await preprocess({ inputs: ['corpus/'], output: 'out.arrow', tokenizer, stages });
 * console.log(counts.rows);
 * ```
 */
export async function preprocess(options: PreprocessOptions): Promise<PreprocessReport> {
  // The type makes sure that the list has the options of every step.
  refuseUnknown<PreprocessOptions & PlanOptions & TokenizeOptions>(options, knownOptions);
  const { inputs, signal, onProgress, share = { rank: 0, worldSize: 1 } } = options;
  refuseUrl(options.output);
  const input = 'files' in inputs ? inputs : await listFiles(inputs, options);
  const output = options.output === '-' ? '-' : partPath(options.output, share);
  refuseOutputAmongInputs(input, output);
  // A resumed run begins where the interrupted one ended, so it opens the sink first; otherwise threads start on the
  // first units while this one opens it. The bounds of a share depend on the sizes of all files, so resuming one
  // requires all of them unchanged.
  const usedFiles = share.worldSize > 1 ? undefined : new UsedFiles(input.files);
  const resumed =
    options.resume && output !== '-' ? await openSink(options, output, input, usedFiles) : undefined;
  const finished = resumed ? await readySink(resumed) : [];
  const badRecords = new BadRecordLog(badRecordList(output));
  const skips = options.onBadRecord === 'skip';
  if (finished === 'complete') {
    badRecords.open(Number.POSITIVE_INFINITY);
    badRecords.complete();
    return { ...(await completeReport(output, input)), badRecords: skips ? badRecords : undefined };
  }
  const { from, to } = bytesOfShare(input, share);
  const progress = { bytes: 0, totalBytes: Math.round(to - from), textBytes: 0, rows: 0, tokens: 0 };
  for (const { counts } of finished) {
    progress.rows += counts.rows ?? 0;
    progress.tokens += counts.tokens ?? 0;
  }
  const firstUnit = (finished.at(-1)?.unit ?? -1) + 1;
  const inputEnds = new Map<number, number>();
  const onSkipped = skips ? badRecords.add.bind(badRecords) : undefined;
  const onUnit = (unit: Unit) => {
    if (unit.inputEnd !== undefined) inputEnds.set(unit.number, unit.inputEnd);
    usedFiles?.note(unit);
  };
  const lastFinished = finished.at(-1)?.used;
  const tokens = tokenBatches(
    input,
    { ...options, onSkipped, lastFinished },
    firstUnit,
    progress.rows,
    onUnit,
  );
  // The output is opened while the source reads the first units and the other threads start. It takes many short steps
  // in this thread, each of which would wait for a unit that runs in it.
  const opening = resumed ? Promise.resolve(resumed) : openSink(options, output, input, usedFiles);
  opening
    .then(isOpen)
    .catch(() => {})
    .finally(tokens.useThisThread);
  const { addCounts, countsOfColumns, DatasetSink } = await sinks();
  const streamed: DatasetCounts = { rows: 0, tokens: 0 };
  let validationRows = finished.reduce((sum, { splits }) => sum + (splits.validation?.rows ?? 0), 0);
  const watched = async function* () {
    for await (const batch of tokens.batches as AsyncIterable<SinkBatch>) {
      await isOpen(sink!);
      badRecords.open(firstUnit);
      const { unit, counts, split } = batch.place;
      progress.textBytes += counts?.bytes ?? 0;
      progress.bytes = Math.max(progress.bytes, Math.round((inputEnds.get(unit) ?? from) - from));
      inputEnds.delete(unit - 1);
      const counted = 'write' in batch ? batch.counts : countsOfColumns(batch);
      progress.rows += counted.rows;
      progress.tokens += counted.tokens;
      if (split === 'validation') validationRows += counted.rows;
      if (output === '-') addCounts(streamed, counted);
      yield batch;
      onProgress?.(progress);
      if (progress.rows === options.limit) return;
    }
  };
  let sink: Writable | undefined;
  try {
    sink = await opening;
    // A failed sink takes no more batches, and threads that hold unwritten ones make no more. From Node 22 on, pipeline
    // would wait for them forever.
    sink.on('error', (error) => tokens.batches.destroy(error));
    await pipeline(watched, sink, { signal });
    badRecords.open(firstUnit);
    badRecords.complete();
  } catch (error) {
    // The sink may still be cleaning up.
    if (sink && !sink.closed) await once(sink, 'close');
    if (!(await isResumable(output).catch(() => true))) badRecords.discard();
    // Streams join what failed at the same time in one error; the first tells enough.
    throw error instanceof AggregateError ? error.errors[0] : error;
  } finally {
    await tokens.close();
    badRecords.close();
  }
  const counts = sink instanceof DatasetSink ? sink.counts : streamed;
  const resumedUnits = finished.length;
  const { textBytes } = progress;
  const known = { resumedUnits, validationRows, badRecords: skips ? badRecords : undefined };
  return { ...inputReport(input), counts, output, textBytes, ...known };
}

function inputReport({ files, skipped }: InputFiles) {
  return { files: files.length, skipped };
}

/** The sinks, without apache-arrow. */
const sinks = () => import('@mlm/arrow/sink');

/** The units that an interrupted run had finished; `complete` if it was killed after its output was complete. */
async function readySink(sink: Writable): Promise<readonly JournalEntry[] | 'complete'> {
  const { DatasetSink } = await sinks();
  if (!(sink instanceof DatasetSink)) return [];
  // `ready` throws the stream's error.
  sink.on('error', () => {});
  const units = await sink.ready();
  if (!sink.isComplete) return units;
  sink.destroy();
  if (!sink.closed) await once(sink, 'close');
  return 'complete';
}

/** Whether an interrupted run has left finished units. */
async function isResumable(output: string): Promise<boolean> {
  return output !== '-' && (await (await sinks()).settingsOfInterrupted(output)) !== undefined;
}

/** Waits until a sink has opened its output. */
async function isOpen(sink: Writable): Promise<void> {
  const { DatasetSink } = await sinks();
  if (sink instanceof DatasetSink) await sink.ready();
}

async function completeReport(
  output: string,
  input: InputFiles,
): Promise<Omit<PreprocessReport, 'badRecords'>> {
  const { openDataset } = await import('@mlm/arrow');
  const dataset = await openDataset(output);
  const counts = dataset.metadata?.counts ?? { rows: dataset.rows, tokens: 0 };
  const resumedUnits = dataset.metadata?.rows_per_unit.length ?? 0;
  await dataset.close();
  const validationRows = dataset.validation?.rows ?? 0;
  return { ...inputReport(input), counts, output, textBytes: 0, resumedUnits, validationRows };
}

/**
 * The batches of all units; `onUnit` is called with each unit before its batches arrive. The work ends when the reader
 * stops. Batches of a file are written by the threads that made them.
 */
function tokenBatches(
  input: InputFiles,
  options: PreprocessOptions & Pick<TokenizeOptions, 'onSkipped'> & Pick<PlanOptions, 'lastFinished'>,
  firstUnit: number,
  rowsDone: number,
  onUnit: (unit: Unit) => void,
): ReturnType<typeof tokenizeToColumns> {
  const limit = options.limit && Math.max(0, options.limit - rowsDone);
  const tokens = tokenizeToColumns({ ...options, limit }, options.output !== '-');
  // Errors of the source also reach the reader of `batches`; stopping early is not an error.
  const noted = async function* (units: AsyncIterable<Unit>) {
    for await (const unit of units) {
      onUnit(unit);
      yield unit;
    }
  };
  const { signal } = options;
  pipeline(
    textFiles(input, { ...options, firstUnit, allowsEmpty: options.output === '-' }),
    noted,
    tokens.batches,
    {
      signal,
    },
  ).catch(() => {});
  return tokens;
}

async function openSink(
  options: PreprocessOptions,
  output: string,
  input: InputFiles,
  usedInputs: UsedFiles | undefined,
) {
  const { arrowFile, arrowStream, datasetFolder } = await sinks();
  const { share, stdout = process.stdout } = options;
  const settings = settingsOf(preprocessOptions, options);
  const { overwrite, resume, takeOver, shardBytes } = settings;
  const described = describeDataset(options, settings.document);
  const isPart = share && share.worldSize > 1;
  const part = { rank: share?.rank ?? 0, world_size: share?.worldSize ?? 1 };
  const description = isPart ? { ...described, part } : described;
  if (output === '-') return arrowStream(stdout, { description, end: stdout !== process.stdout });
  const sinkOptions = {
    description,
    overwrite,
    inputs: pathsOf(input),
    resume,
    takeOver,
    job: jobOf(settings, share, input, description),
    settings: options.settings,
    usedInputs,
  };
  if (output.endsWith('.arrow')) return arrowFile(output, sinkOptions);
  return datasetFolder(output, { ...sinkOptions, shardBytes });
}

function pathsOf({ files, folders }: InputFiles): string[] {
  return [...folders, ...files.filter(({ path, stored }) => path !== '-' && !stored).map(({ path }) => path)];
}

/** An output inside an input folder would be read as input by the next run. */
function refuseOutputAmongInputs(input: InputFiles, output: string): void {
  if (output === '-') return;
  for (const folder of input.folders)
    if (isWithin(output, folder))
      throw new InputError(`${output}: lies inside the input ${folder}; write to another folder`);
  const existing = statSync(output, { throwIfNoEntry: false })?.isFile();
  const same =
    existing && input.files.find(({ path, stored }) => path !== '-' && !stored && isWithin(path, output));
  if (same) throw new InputError(`${output}: is also an input; write to another file`);
}
