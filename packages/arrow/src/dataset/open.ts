import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { call, exists, InputError, say } from '@mlm/base';
import type { RecordBatch, Schema } from 'apache-arrow';
import { ArrowFile } from '../ipc/file.js';
import { type DatasetMetadata, METADATA_KEY, parseMetadata } from '../metadata.js';
import { validationPath } from '../sink/file.js';
import { type FolderManifest, MANIFEST } from '../sink/folder.js';

/** The rows of one split, in one or more Arrow files. Close it when done. */
export interface Dataset extends AsyncIterable<RecordBatch> {
  /** The file, or the split's folder. */
  readonly path: string;
  /** Columns, and the schema metadata as it stands in the first file. */
  readonly schema: Schema;
  /** What the dataset says about itself; `undefined` for one that other programs wrote. */
  readonly metadata: DatasetMetadata | undefined;
  /** Rows of this split. */
  readonly rows: number;
  /** Rows of each record batch. */
  readonly batchRows: readonly number[];
  /** Held-out rows that lie with this dataset, if any. */
  readonly validation: Dataset | undefined;
  /**
   * Reads a batch into a buffer of its own: random access, several at a time.
   * @param index from 0, below `batchRows.length`
   * @throws RangeError when there is no such batch
   */
  batch(index: number): Promise<RecordBatch>;
  /** Closes the files, those of `validation` too. */
  close(): Promise<void>;
}

/**
 * Opens an Arrow file, an Arrow stream on disk, or a folder in the layout of Hugging Face `datasets` (also a dict of
 * splits, of which `train` is opened, with `validation` beside it).
 * @throws InputError when there is nothing to read, or it is cut off or no Arrow
 */
export async function openDataset(path: string): Promise<Dataset> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new InputError(`${path}: no such dataset; give an .arrow file or a dataset folder`);
  if (!found.isDirectory()) {
    const validation = validationPath(path);
    const hasValidation = await exists(validation);
    return ArrowDataset.open(
      path,
      [path],
      undefined,
      hasValidation ? await openDataset(validation) : undefined,
    );
  }
  if (!(await exists(join(path, 'dataset_dict.json')))) return openFolder(path);
  const { splits } = await readJson<{ splits: string[] }>(join(path, 'dataset_dict.json'));
  const heldOut = ['validation', 'test'].find((split) => splits.includes(split));
  const train = splits.includes('train') ? 'train' : splits[0];
  if (!train) throw new InputError(`${path}: dataset_dict.json names no split`);
  return openFolder(
    join(path, train),
    heldOut && heldOut !== train ? await openFolder(join(path, heldOut)) : undefined,
  );
}

async function openFolder(path: string, validation?: Dataset): Promise<Dataset> {
  const statePath = join(path, 'state.json');
  if (!(await exists(statePath)))
    throw new InputError(
      `${path}: not a dataset folder (no state.json); give an .arrow file or a dataset folder`,
    );
  const state = await readJson<{ _data_files: { filename: string }[] }>(statePath);
  const files = state._data_files.map(({ filename }) => join(path, filename));
  const manifestPath = join(path, MANIFEST);
  const manifest = (await exists(manifestPath)) ? await readJson<FolderManifest>(manifestPath) : undefined;
  return ArrowDataset.open(path, files, manifest?.metadata, validation);
}

class ArrowDataset implements Dataset {
  readonly schema: Schema;
  readonly metadata: DatasetMetadata | undefined;
  readonly batchRows: readonly number[];
  readonly rows: number;

  private constructor(
    readonly path: string,
    private readonly files: ArrowFile[],
    metadata: DatasetMetadata | undefined,
    readonly validation: Dataset | undefined,
  ) {
    const [first] = files;
    if (!first) throw new InputError(`${path}: names no Arrow file`);
    this.schema = first.schema;
    const text = first.schema.metadata.get(METADATA_KEY);
    this.metadata = metadata ?? (text === undefined ? undefined : parseMetadata(text, path));
    this.batchRows = files.flatMap((file) => file.rows);
    this.rows = this.batchRows.reduce((sum, rows) => sum + rows, 0);
  }

  static async open(
    path: string,
    paths: string[],
    metadata: DatasetMetadata | undefined,
    validation: Dataset | undefined,
  ): Promise<Dataset> {
    const files: ArrowFile[] = [];
    for (const file of paths) files.push(await ArrowFile.open(file));
    const dataset = new ArrowDataset(path, files, metadata, validation);
    dataset.refuseCutOff();
    const columns = dataset.schema.fields.map(({ name }) => name);
    if (!columns.includes('input_ids'))
      throw new InputError(
        say`${path}: no column "input_ids" (columns: ${columns.join(', ') || 'none'}); make a dataset of its text with ${call('preprocess', { textField: '<column>' })}`,
      );
    return dataset;
  }

  batch(index: number): Promise<RecordBatch> {
    let local = index;
    for (const file of this.files) {
      if (local < file.rows.length) return file.batch(local);
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

  /** A stream that ends between two batches reads as a shorter one: its end marker or the row counts show it. */
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
        `${this.path}: has ${this.rows} rows where its metadata says ${expected}; make it again`,
      );
  }
}

async function readJson<T>(path: string): Promise<T> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    throw new InputError(`${path}: cannot be read as JSON (${(error as Error).message})`);
  }
}
