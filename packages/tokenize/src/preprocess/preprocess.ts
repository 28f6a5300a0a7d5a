import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DatasetCounts } from '@mlm/arrow';
import type { RunSettings } from '@mlm/arrow/sink';
import { refuseUrl } from '@mlm/base';
import { type Given, refuseUnknown } from '@mlm/base/options';
import type { preprocessOptions } from '../options.js';
import { FileList } from '../source/file-list.js';
import { type InputFiles, listFiles } from '../source/list.js';
import { bytesOfShare, type PlanOptions } from '../source/plan.js';
import { textFiles } from '../source/text-files.js';
import type { Unit } from '../source/unit.js';
import { knownOptions } from '../source/unknown.js';
import { type SinkBatch, type TokenizeOptions, tokenizeToColumns } from '../stream/tokenize.js';
import { BadRecordLog, type BadRecords, badRecordList } from './bad-records.js';
import { RunOutput, refuseOutputAmongInputs } from './output.js';
import { type PreprocessProgress, RunProgress } from './progress.js';
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
  const listed = 'files' in inputs ? inputs : await listFiles(inputs, options);
  const input = { ...listed, files: FileList.of(listed.files) };
  const path = options.output === '-' ? '-' : partPath(options.output, share);
  refuseOutputAmongInputs(input, path);

  // A resumed run begins where the interrupted one ended. The bounds of a share depend on the sizes of all files, so
  // resuming one requires all of them unchanged.
  const usedFiles = share.worldSize > 1 ? undefined : new UsedFiles(input.files);
  const output = new RunOutput(path, input, options, usedFiles);
  const finished = await output.finishedUnits();
  const firstUnit = finished === 'complete' ? Number.POSITIVE_INFINITY : (finished.at(-1)?.unit ?? -1) + 1;
  const badRecords = new BadRecordLog(badRecordList(path));
  const skipped = options.onBadRecord === 'skip' ? badRecords : undefined;
  const known = { files: input.files.length, skipped: input.skipped, output: path, badRecords: skipped };
  if (finished === 'complete') {
    badRecords.open(firstUnit);
    badRecords.complete();
    return { ...known, ...(await output.completeReport()) };
  }

  const progress = new RunProgress(bytesOfShare(input, share), finished);
  const { figures } = progress;
  const lastFinished = finished.at(-1)?.used;
  const units = textFiles(input, { ...options, firstUnit, lastFinished, allowsEmpty: path === '-' });
  const noted = async function* (units: AsyncIterable<Unit>) {
    for await (const unit of units) {
      progress.begin(unit);
      usedFiles?.note(unit);
      yield unit;
    }
  };
  const limit = options.limit && Math.max(0, options.limit - figures.rows);
  const onSkipped = skipped?.add.bind(skipped);
  // Batches of a file are written by the threads that made them.
  const tokens = tokenizeToColumns({ ...options, limit, onSkipped }, path !== '-');
  // Errors of the source also reach the reader of `batches`; stopping early is not an error.
  pipeline(units, noted, tokens.batches, { signal }).catch(() => {});
  // The output is opened while the source reads the first units and the other threads start. It takes many short steps
  // in this thread, each of which would wait for a unit that runs in it.
  output
    .ready()
    .catch(() => {})
    .finally(tokens.useThisThread);
  const batches = async function* () {
    for await (const batch of tokens.batches as AsyncIterable<SinkBatch>) {
      await output.ready();
      badRecords.open(firstUnit);
      await progress.add(batch);
      yield batch;
      onProgress?.(figures);
      if (figures.rows === options.limit) return;
    }
  };
  try {
    await output.write(batches, tokens.batches, signal);
    badRecords.open(firstUnit);
    badRecords.complete();
  } catch (error) {
    if (!(await output.isResumable().catch(() => true))) badRecords.discard();
    throw error;
  } finally {
    await tokens.close();
    badRecords.close();
  }
  const counts = (await output.counts()) ?? progress.counts;
  const { textBytes } = figures;
  const { validationRows } = progress;
  return { ...known, counts, textBytes, validationRows, resumedUnits: finished.length };
}
