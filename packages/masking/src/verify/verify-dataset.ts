import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Dataset, openDataset } from '@mlm/arrow';
import { giveBackMemory } from '@mlm/arrow/columns';
import { InputError, type MessageParts, say } from '@mlm/base/errors';
import { refuseUnknown } from '@mlm/base/options';
import { entryPoint } from '@mlm/base/spawn';
import type { RecordBatch } from 'apache-arrow';
import type { MaskingRule } from '../rule.js';
import type { Tally } from './tally.js';
import {
  MaskingCheck,
  type MaskingReport,
  reportOf,
  type VerifyOptions,
  verifyOptions,
} from './verify-masking.js';
import type { MaskingViolation } from './violation.js';

/** Options of {@link verifyDataset}. */
export interface VerifyDatasetOptions extends VerifyOptions {
  /** Worker threads; 0: work in this thread. Default: one per core, none for a dataset of a few batches. */
  threads?: number;
  /** Called with the number of rows checked since the last call. Default: none. */
  onRows?: (rows: number) => void;
  signal?: AbortSignal;
}

/** The work of a thread: every `threads`-th batch of a dataset, from `first` on. */
export interface CheckWork {
  path: string;
  laws: MaskingRule | undefined;
  first: number;
  threads: number;
  violations: number | undefined;
  mayMask: readonly number[] | undefined;
}

/** The results of a thread. */
export interface CheckResult {
  tally: Tally;
  violations: MaskingViolation[];
  labelled: number;
}

/** Messages of a thread: rows done, its results, a problem with the input, or an error. */
export type CheckMessage =
  | { rows: number }
  | { result: CheckResult }
  | { problem: MessageParts }
  | { error: unknown };

const FEW_BATCHES = 4;

/**
 * {@link verifyMasking} for one part of a dataset on disk, in several threads.
 * @param dataset a dataset from `openDataset`
 * @param split the part to check: the dataset's own rows, or those of its validation part
 * @param laws a rule to check the laws of, instead of the dataset's metadata; needed if there is none
 * @throws InputError if the dataset is not masked, or neither metadata nor `laws` say how
 *
 * @example
 * ```ts
 * import { openDataset } from '@mlm/arrow';
 * import { verifyDataset } from '@mlm/masking';
 *
 * const { isSound, violations } = await verifyDataset(await openDataset('out.arrow'));
 * ```
 */
export async function verifyDataset(
  dataset: Dataset,
  split: 'main' | 'validation' = 'main',
  laws?: MaskingRule,
  options: VerifyDatasetOptions = {},
): Promise<MaskingReport> {
  refuseUnknown(options, { ...verifyOptions, threads: true, onRows: true, signal: true });
  options.signal?.throwIfAborted();
  const part = split === 'main' ? dataset : dataset.validation!;
  const batches = part.batchRows.length;
  const { threads = batches < FEW_BATCHES ? 0 : Math.min(availableParallelism(), batches) } = options;
  const check = new MaskingCheck(part.metadata, laws, options.violations, options.mayMask);
  const work = { path: part.path, laws, violations: options.violations, mayMask: options.mayMask };
  if (threads === 0) {
    await checkBatches(check, part, 0, 1, options.onRows, options.signal);
  } else {
    // If one thread fails, the others stop.
    const failed = new AbortController();
    const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);
    const results = Array.from({ length: threads }, (_, first) =>
      runThread({ ...work, first, threads }, { ...options, signal }),
    );
    try {
      for (const result of await Promise.all(results)) check.join(result);
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  }
  return reportOf(check, part.metadata, part.rows, options.nameOf);
}

/** Checks every `step`-th batch, from `first` on. */
async function checkBatches(
  check: MaskingCheck,
  part: Dataset,
  first: number,
  step: number,
  onRows?: (rows: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  let firstRow = 0;
  for (const [index, rows] of part.batchRows.entries()) {
    if (index % step === first) {
      signal?.throwIfAborted();
      const batch = await part.batch(index);
      try {
        check.add(batch, firstRow, part.rows);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        throw new InputError(say`${part.path}, rows ${firstRow} to ${firstRow + rows - 1}: ${error.parts}`);
      }
      giveBack(batch);
      onRows?.(rows);
    }
    firstRow += rows;
  }
}

/** Returns the memory into which a batch was read, for the next one. */
function giveBack({ data: { children } }: RecordBatch): void {
  const buffers = new Set(
    children.map(({ children: [items] }) => (items?.values as Int32Array | undefined)?.buffer),
  );
  const [buffer] = buffers;
  // Columns that were compressed or converted have their own memory.
  if (buffers.size === 1 && buffer instanceof ArrayBuffer) giveBackMemory([buffer]);
}

/** Does a thread's work, in that thread. */
export async function checkShare(work: CheckWork, onRows: (rows: number) => void): Promise<CheckResult> {
  const dataset = await openDataset(work.path);
  try {
    const check = new MaskingCheck(dataset.metadata, work.laws, work.violations, work.mayMask);
    await checkBatches(check, dataset, work.first, work.threads, onRows);
    return { tally: check.counted(), violations: check.violations, labelled: check.labelled };
  } finally {
    await dataset.close();
  }
}

const THREAD = entryPoint(import.meta.url, './verify-thread.js');

function runThread(work: CheckWork, { onRows, signal }: VerifyDatasetOptions): Promise<CheckResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(THREAD, { workerData: work });
    const stop = () => {
      void worker.terminate();
      reject(signal!.reason);
    };
    signal?.addEventListener('abort', stop, { once: true });
    worker.on('message', (message: CheckMessage) => {
      if ('rows' in message) onRows?.(message.rows);
      else if ('problem' in message) reject(new InputError(message.problem));
      else if ('error' in message) reject(message.error);
      else resolve(message.result);
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      signal?.removeEventListener('abort', stop);
      reject(new Error(`a thread of verify ended with exit code ${code}`));
    });
  });
}
