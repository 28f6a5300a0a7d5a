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

/** How {@link verifyDataset} goes about it. */
export interface VerifyDatasetOptions extends VerifyOptions {
  /** Worker threads; 0 works in this thread. Default: one a core, none for a dataset of a few batches. */
  threads?: number;
  /** Is told how many rows were checked since the last call. */
  onRows?: (rows: number) => void;
  signal?: AbortSignal;
}

/** What a thread is given: every `threads`-th batch of a dataset is its own, from `first` on. */
export interface CheckWork {
  path: string;
  laws: MaskingRule | undefined;
  first: number;
  threads: number;
  violations: number | undefined;
}

/** What a thread has found. */
export interface CheckResult {
  tally: Tally;
  violations: MaskingViolation[];
  labelled: number;
}

/** What a thread says: rows done, what it has found, what is wrong with the input, or that it failed. */
export type CheckMessage =
  | { rows: number }
  | { result: CheckResult }
  | { problem: MessageParts }
  | { error: unknown };

const FEW_BATCHES = 4;

/**
 * {@link verifyMasking} of one part of a dataset on disk, by several threads.
 * @param dataset as `openDataset` gives it
 * @param split the part to check: the dataset's own rows, or those of its validation part
 * @param laws the rule where the dataset does not say; wins over its metadata
 * @throws InputError when the dataset is not masked, or neither metadata nor laws say how
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
  const check = new MaskingCheck(part.metadata, laws, options.violations);
  const work = { path: part.path, laws, violations: options.violations };
  if (threads === 0) {
    await checkBatches(check, part, 0, 1, options.onRows, options.signal);
  } else {
    // Where one thread fails, the others have nothing more to do.
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

/** Lets the next batch use the memory that this one was read into. */
function giveBack({ data: { children } }: RecordBatch): void {
  const buffers = new Set(
    children.map(({ children: [items] }) => (items?.values as Int32Array | undefined)?.buffer),
  );
  const [buffer] = buffers;
  // Columns that were compressed or converted have memory of their own.
  if (buffers.size === 1 && buffer instanceof ArrayBuffer) giveBackMemory([buffer]);
}

/** A thread's work, in that thread. */
export async function checkShare(work: CheckWork, onRows: (rows: number) => void): Promise<CheckResult> {
  const dataset = await openDataset(work.path);
  try {
    const check = new MaskingCheck(dataset.metadata, work.laws, work.violations);
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
