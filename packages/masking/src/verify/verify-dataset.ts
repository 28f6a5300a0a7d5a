import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Dataset, openDataset } from '@mlm/arrow';
import { entryPoint } from '@mlm/base/spawn';
import type { MaskingRule } from '../rule.js';
import type { Tally } from './tally.js';
import { MaskingCheck, type MaskingReport, reportOf, type VerifyOptions } from './verify-masking.js';
import type { MaskingViolation } from './violation.js';

/** How {@link verifyDataset} goes about it. */
export interface VerifyDatasetOptions extends VerifyOptions {
  /** Worker threads; 0 works in this thread. Default: one a core, none for a dataset of a few batches. */
  threads?: number;
  /** Is told how many rows were checked since the last call. */
  onRows?: (rows: number) => void;
  signal?: AbortSignal;
}

/** What a thread is given: every `threads`-th batch of a split is its own, from `first` on. */
export interface CheckWork {
  path: string;
  split: 'main' | 'validation';
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

const FEW_BATCHES = 4;

/**
 * {@link verifyMasking} of one part of a dataset on disk, by several threads.
 * @param dataset as `openDataset` gives it
 * @param split the part to check: the dataset's own rows, or those of its validation part
 * @param laws the rule where the dataset does not say; wins over its metadata
 * @throws InputError when the dataset is not masked, or neither metadata nor laws say how
 */
export async function verifyDataset(
  dataset: Dataset,
  split: CheckWork['split'] = 'main',
  laws?: MaskingRule,
  options: VerifyDatasetOptions = {},
): Promise<MaskingReport> {
  const part = split === 'main' ? dataset : dataset.validation!;
  const batches = part.batchRows.length;
  const { threads = batches < FEW_BATCHES ? 0 : Math.min(availableParallelism(), batches) } = options;
  const check = new MaskingCheck(part.metadata, laws, options.violations);
  const work = { path: dataset.path, split, laws, violations: options.violations };
  if (threads === 0) {
    await checkBatches(check, part, 0, 1, options.onRows, options.signal);
  } else {
    const results = Array.from({ length: threads }, (_, first) =>
      runThread({ ...work, first, threads }, options),
    );
    for (const result of await Promise.all(results)) check.join(result);
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
      check.add(await part.batch(index), firstRow, part.rows);
      onRows?.(rows);
    }
    firstRow += rows;
  }
}

/** A thread's work, in that thread. */
export async function checkShare(work: CheckWork, onRows: (rows: number) => void): Promise<CheckResult> {
  const dataset = await openDataset(work.path);
  try {
    const part = work.split === 'main' ? dataset : dataset.validation!;
    const check = new MaskingCheck(part.metadata, work.laws, work.violations);
    await checkBatches(check, part, work.first, work.threads, onRows);
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
    worker.on('message', (message: { rows: number } | { result: CheckResult } | { error: Error }) => {
      if ('rows' in message) onRows?.(message.rows);
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
