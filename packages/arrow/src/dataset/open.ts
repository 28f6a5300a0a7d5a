import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { call, exists, InputError, say } from '@mlm/base';
import type { RecordBatch, Schema } from 'apache-arrow';
import { ArrowFile } from '../ipc/file.js';
import { type DatasetMetadata, METADATA_KEY, parseMetadata } from '../metadata.js';
import { validationPath } from '../sink/file.js';
import type { Shard } from '../sink/split.js';
import { checkShard } from './shards.js';
import { readDataFiles, readManifest, splitNames } from './sidecar.js';

/** The rows of one split, in one or more Arrow files. Call {@link Dataset.close} when done. */
export interface Dataset extends AsyncIterable<RecordBatch> {
  /** The file, or the split's folder. */
  readonly path: string;
  /** The columns, with the schema metadata of the first file. */
  readonly schema: Schema;
  /** The dataset's metadata; `undefined` if another program wrote it. */
  readonly metadata: DatasetMetadata | undefined;
  /** Rows of this split. */
  readonly rows: number;
  /** Rows of each record batch. */
  readonly batchRows: readonly number[];
  /** The validation rows beside this dataset, if any. */
  readonly validation: Dataset | undefined;
  /**
   * Reads a batch into a new buffer. Random access; calls may overlap.
   * @param index from 0, below `batchRows.length`
   * @throws RangeError if there is no such batch
   */
  batch(index: number): Promise<RecordBatch>;
  /** Closes the files, including those of `validation`. */
  close(): Promise<void>;
}

/** Options of {@link openDataset}. */
export interface OpenOptions {
  /** Checks each shard of a folder against its checksum before reading its first batch. Default: false. */
  verify?: boolean;
}

/**
 * Opens an Arrow file, an Arrow stream on disk, or a folder in the layout of Hugging Face `datasets`. Of a dict of
 * splits, it opens `train`, with `validation` or `test` beside it.
 * @throws InputError if there is no dataset, or it is cut off or not Arrow
 *
 * @example
 * ```ts
 * import { listColumn, openDataset } from '@mlm/arrow';
 *
 * const dataset = await openDataset('out.arrow');
 * for await (const batch of dataset) {
 *   const { values, offsets } = listColumn(batch, 'input_ids');
 *   console.log(values.subarray(offsets[0], offsets[1]));
 * }
 * await dataset.close();
 * ```
 */
export async function openDataset(path: string, options: OpenOptions = {}): Promise<Dataset> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new InputError(`${path}: no such dataset; give an .arrow file or a dataset folder`);
  if (!found.isDirectory()) {
    const beside = validationPath(path);
    const validation = (await exists(beside)) ? await openDataset(beside, options) : undefined;
    const files = [{ path, shard: undefined }];
    return closing(validation, () => ArrowDataset.open(path, files, undefined, validation, options));
  }
  if (!(await exists(join(path, 'dataset_dict.json')))) return openFolder(path, options);
  const splits = await splitNames(path);
  const scored = ['validation', 'test'].find((split) => splits.includes(split));
  const train = splits.includes('train') ? 'train' : splits[0];
  if (!train) throw new InputError(`${path}: dataset_dict.json names no split`);
  const validation = scored && scored !== train ? await openFolder(join(path, scored), options) : undefined;
  return closing(validation, () => openFolder(join(path, train), options, validation));
}

async function openFolder(path: string, options: OpenOptions, validation?: Dataset): Promise<Dataset> {
  const names = await readDataFiles(path);
  if (!names)
    throw new InputError(
      `${path}: not a dataset folder (no state.json); give an .arrow file or a dataset folder`,
    );
  const manifest = await readManifest(path);
  const files = names.map((name) => ({
    path: join(path, name),
    shard: manifest?.shards.find(({ file }) => file === name),
  }));
  return ArrowDataset.open(path, files, manifest?.metadata, validation, options);
}

/** Runs `open`, and closes what was opened before if that fails. */
async function closing<T>(opened: Dataset | undefined, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    await opened?.close();
    throw error;
  }
}

interface DataFile {
  path: string;
  /** Its entry in the folder's manifest. */
  shard: Shard | undefined;
}

class ArrowDataset implements Dataset {
  readonly schema: Schema;
  readonly metadata: DatasetMetadata | undefined;
  readonly batchRows: readonly number[];
  readonly rows: number;

  private constructor(
    readonly path: string,
    private readonly files: readonly ArrowFile[],
    metadata: DatasetMetadata | undefined,
    readonly validation: Dataset | undefined,
    /** Rejects if the file of this number differs from its manifest. */
    private readonly verified: (file: number) => Promise<void>,
  ) {
    const [first] = files;
    if (!first) throw new InputError(`${path}: its state.json names no Arrow file: the dataset has no rows`);
    this.schema = first.schema;
    const text = first.schema.metadata.get(METADATA_KEY);
    const found = metadata ?? (text === undefined ? undefined : parseMetadata(text, path));
    // Other programs' writers may leave out what only our sinks know.
    this.metadata = found && {
      ...found,
      split: found.split ?? 'train',
      rows_per_unit: found.rows_per_unit ?? [],
    };
    this.batchRows = files.flatMap((file) => file.rows);
    this.rows = this.batchRows.reduce((sum, rows) => sum + rows, 0);
    this.refuseCutOff();
    const columns = this.schema.fields.map(({ name }) => name);
    if (!columns.includes('input_ids'))
      throw new InputError(
        say`${path}: no column "input_ids" (columns: ${columns.join(', ') || 'none'}); make a dataset of its text with ${call('preprocess', { textField: '<column>' })}`,
      );
  }

  static async open(
    path: string,
    dataFiles: readonly DataFile[],
    metadata: DatasetMetadata | undefined,
    validation: Dataset | undefined,
    { verify = false }: OpenOptions,
  ): Promise<Dataset> {
    const files: ArrowFile[] = [];
    const checks: Promise<void>[] = [];
    const verified = async (file: number) => {
      const { path: shardPath, shard } = dataFiles[file]!;
      if (!verify || !shard) return;
      checks[file] ??= checkShard(shardPath, shard);
      await checks[file];
    };
    try {
      for (const file of dataFiles) files.push(await ArrowFile.open(file.path));
      return new ArrowDataset(path, files, metadata, validation, verified);
    } catch (error) {
      for (const file of files) await file.close();
      throw error;
    }
  }

  async batch(index: number): Promise<RecordBatch> {
    let local = index;
    for (const [number, file] of this.files.entries()) {
      if (local < file.rows.length) {
        await this.verified(number);
        return file.batch(local);
      }
      local -= file.rows.length;
    }
    throw new RangeError(`batch ${index} of ${this.batchRows.length}`);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    for (let index = 0; index < this.batchRows.length; index++) yield await this.batch(index);
  }

  async close(): Promise<void> {
    for (const file of this.files) await file.close();
    await this.validation?.close();
  }

  /**
   * A stream that is cut off between two batches reads as a shorter one; only its end marker or the row counts tell.
   */
  private refuseCutOff(): void {
    const cut = this.files.find((file) => !file.complete);
    if (cut)
      throw new InputError(
        `${cut.path}: cut off: the end of its Arrow stream is missing; make or copy it again`,
      );
    const expected =
      this.metadata?.counts && this.metadata.rows_per_unit.reduce((sum, rows) => sum + rows, 0);
    if (expected !== undefined && expected !== this.rows)
      throw new InputError(
        `${this.path}: has ${this.rows} rows, but its metadata says ${expected}; make it again`,
      );
  }
}
