import { once } from 'node:events';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InputError, mention, say } from '@mlm/base/errors';
import { refuseUnknown } from '@mlm/base/options';
import type { RecordBatch } from 'apache-arrow';
import { placeOf, withPlace } from '../batch/place.js';
import type { DatasetCounts, DatasetDescription } from '../metadata.js';
import { addCounts } from '../sink/counts.js';
import type { DatasetSinkOptions } from '../sink/dataset.js';
import { arrowFile, validationPath } from '../sink/file.js';
import { datasetFolder } from '../sink/folder.js';
import { type Dataset, openDataset } from './open.js';

/** Options of {@link mergeDatasets}. */
export interface MergeOptions {
  /** Replaces an existing output. Default: false. */
  overwrite?: boolean;
  /** Takes over the output from a process on another machine that seems to be writing it. Default: false. */
  takeOver?: boolean;
  /** Bytes after which a shard of a folder ends, with the unit that reaches them. Default: 500e6. */
  shardBytes?: number | undefined;
  /** Aborts with an AbortError. Default: none. */
  signal?: AbortSignal;
}

/**
 * Merges the parts of a dataset that several processes wrote into the bytes that a single run would have written.
 * @param parts all parts, in any order
 * @param output an `.arrow` file or a folder
 * @returns the total counts: rows, tokens and what the steps counted
 * @throws InputError if a part is missing, given twice or made with other options, or if `output` exists
 *
 * @example
 * ```ts
 * import { mergeDatasets } from '@mlm/arrow';
 *
 * const parts = ['out.part-00000-of-00002.arrow', 'out.part-00001-of-00002.arrow'];
 * const { rows } = await mergeDatasets(parts, 'out.arrow');
 * ```
 */
export async function mergeDatasets(
  parts: readonly string[],
  output: string,
  options: MergeOptions = {},
): Promise<DatasetCounts> {
  refuseUnknown(options, { overwrite: true, takeOver: true, shardBytes: true, signal: true });
  const datasets: Dataset[] = [];
  try {
    for (const path of parts) datasets.push(await openDataset(path));
    const ordered = inOrder(datasets);
    const { split, rows_per_unit, counts, part, ...description } = ordered[0]!.metadata!;
    const total: DatasetCounts = { rows: 0, tokens: 0 };
    for (const { metadata } of ordered) addCounts(total, metadata?.counts ?? {});
    const sink = openSink(output, options, description, total, parts);
    try {
      await pipeline(Readable.from(unitBatches(ordered)), sink, { signal: options.signal });
    } catch (error) {
      // The sink may still be cleaning up.
      if (!sink.closed) await once(sink, 'close');
      throw error;
    }
    return total;
  } finally {
    for (const dataset of datasets) await dataset.close();
  }
}

function openSink(
  output: string,
  options: MergeOptions,
  description: DatasetDescription,
  counts: DatasetCounts,
  parts: readonly string[],
): Writable {
  const { overwrite = false, takeOver = false, shardBytes } = options;
  const inputs = parts.flatMap((part) => [part, validationPath(part)]);
  const sinkOptions: DatasetSinkOptions = { overwrite, takeOver, inputs, description, counts };
  if (output.endsWith('.arrow')) return arrowFile(output, sinkOptions);
  return datasetFolder(output, { ...sinkOptions, shardBytes });
}

/** The parts by rank. */
function inOrder(datasets: Dataset[]): Dataset[] {
  const byRank: Dataset[] = [];
  const first = datasets[0];
  if (!first) throw new InputError('nothing to merge: name the parts that preprocess wrote');
  const size = partOf(first).world_size;
  for (const dataset of datasets) {
    const { rank, world_size } = partOf(dataset);
    if (world_size !== size)
      throw new InputError(
        `${dataset.path}: is one of ${world_size} parts, but ${first.path} is one of ${size}`,
      );
    if (byRank[rank])
      throw new InputError(
        `${dataset.path}: is part ${rank}, as is ${byRank[rank].path}; name each part once`,
      );
    if (recipe(dataset) !== recipe(first))
      throw new InputError(
        `${dataset.path}: was made with other options or another tokenizer than ${first.path}`,
      );
    byRank[rank] = dataset;
  }
  for (let rank = 0; rank < size; rank++)
    if (!byRank[rank]) throw new InputError(`part ${rank} of ${size} is missing; name all parts`);
  return byRank;
}

function partOf(dataset: Dataset) {
  const part = dataset.metadata?.part;
  if (!part)
    throw new InputError(
      say`${dataset.path}: is not a part of a shared run; parts are made with ${mention('rank')} and ${mention('worldSize')}`,
    );
  return part;
}

/** Everything that the parts of a dataset must have in common. */
function recipe(dataset: Dataset): string {
  const { rows_per_unit, counts, part, ...common } = dataset.metadata!;
  return JSON.stringify(common);
}

/** The batches of all parts by unit, as a single run would emit them: a unit without rows has an empty batch. */
async function* unitBatches(datasets: Dataset[]): AsyncGenerator<RecordBatch> {
  let unit = 0;
  let empty: RecordBatch | undefined;
  const total = Math.max(...datasets.map(({ metadata }) => metadata!.rows_per_unit.length));
  // A part without rows may have had no units; those that it had are emitted as empty ones.
  for (const dataset of [...datasets.filter(hasRows), undefined]) {
    const train = dataset && batchesByUnit(dataset);
    const validation = dataset?.validation && batchesByUnit(dataset.validation);
    const units = dataset?.metadata?.rows_per_unit.length ?? total;
    for (; unit < units; unit++) {
      const batches: RecordBatch[] = [];
      if (train) for await (const batch of train(unit)) batches.push(batch);
      if (validation) for await (const batch of validation(unit)) batches.push(batch);
      empty ??= batches[0]?.slice(0, 0);
      if (batches.length === 0 && empty)
        batches.push(withPlace(empty, { unit, firstRow: 0, split: 'train' }));
      yield* batches;
    }
  }
}

function hasRows(dataset: Dataset): boolean {
  return dataset.rows + (dataset.validation?.rows ?? 0) > 0;
}

/** Reads a split from its first batch to its last, unit by unit. */
function batchesByUnit(dataset: Dataset): (unit: number) => AsyncGenerator<RecordBatch> {
  let next = 0;
  let pending: RecordBatch | undefined;
  return async function* (unit) {
    while (next < dataset.batchRows.length) {
      pending ??= await dataset.batch(next);
      const place = placeOf(pending);
      if (!place)
        throw new InputError(`${dataset.path}: batch ${next} does not say which unit it belongs to`);
      if (place.unit > unit) return;
      const batch = pending;
      pending = undefined;
      next++;
      yield batch;
    }
  };
}
