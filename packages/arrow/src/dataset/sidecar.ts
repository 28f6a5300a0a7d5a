import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@mlm/base/errors';
import { parseJson, shown } from '@mlm/base/json';
import { type DatasetMetadata, isCount, isRecord, metadataProblem } from '../metadata.js';
import { type FolderManifest, MANIFEST } from '../sink/folder.js';

/**
 * The splits that a dataset folder's dataset_dict.json names; empty if there is no such file.
 *
 * @example
 * ```ts
 * import { splitNames } from '@mlm/arrow';
 *
 * console.log(await splitNames('dataset')); // such as [ 'train', 'validation' ]
 * ```
 */
export async function splitNames(folder: string): Promise<string[]> {
  const path = join(folder, 'dataset_dict.json');
  const json = await readJson(path, true);
  if (json === undefined) return [];
  if (!isRecord(json) || !Array.isArray(json.splits))
    throw shapeError(path, '{"splits": [names of folders]}');
  return json.splits.map((name) => nameInFolder(name, path));
}

/** The Arrow files that a dataset folder's state.json names; `undefined` if there is no such file. */
export async function readDataFiles(folder: string): Promise<string[] | undefined> {
  const path = join(folder, 'state.json');
  const json = await readJson(path, true);
  if (json === undefined) return undefined;
  if (!isRecord(json) || !Array.isArray(json._data_files))
    throw shapeError(path, '{"_data_files": [{"filename": name of a file}]}');
  return json._data_files.map((file: unknown) => nameInFolder(isRecord(file) ? file.filename : file, path));
}

/** The manifest.json of a split's folder; `undefined` if there is none. */
export async function readManifest(folder: string): Promise<FolderManifest | undefined> {
  const path = join(folder, MANIFEST);
  const json = await readJson(path, true);
  if (json === undefined) return undefined;
  if (!isRecord(json) || !Array.isArray(json.shards))
    throw shapeError(path, '{"shards": [{"file", "rows", "bytes", "crc32"}]}');
  const shards = json.shards.map((shard: unknown) => {
    if (!isRecord(shard)) throw shapeError(path, 'a list of shards');
    const { rows, bytes, crc32 } = shard;
    if (!isCount(rows) || !isCount(bytes) || !isCount(crc32))
      throw shapeError(path, 'rows, bytes and crc32 of each shard as whole numbers');
    return { file: nameInFolder(shard.file, path), rows, bytes, crc32 };
  });
  // Batches without a description give a dataset without metadata.
  const { metadata } = json;
  if (metadata === undefined || (isRecord(metadata) && metadata.format_version === undefined))
    return { shards };
  const problem = metadataProblem(metadata);
  if (problem !== undefined) throw new InputError(`${path}: its metadata: ${problem}`);
  return { shards, metadata: metadata as DatasetMetadata };
}

/** Checks that a name cannot lead out of the folder. */
function nameInFolder(name: unknown, path: string): string {
  if (typeof name !== 'string' || name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name))
    throw new InputError(
      `${path}: names ${shown(name)}, expected the plain name of a file or folder beside it`,
    );
  return name;
}

function shapeError(path: string, expected: string): InputError {
  return new InputError(`${path}: has another shape than expected (${expected}); make the dataset again`);
}

async function readJson(path: string, mayBeMissing = false): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (mayBeMissing && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw new InputError(`${path}: cannot be read (${error.code ?? error.message})`);
  });
  if (text === undefined) return undefined;
  try {
    return parseJson(text);
  } catch {
    throw new InputError(`${path}: is not valid JSON; make the dataset again or copy it again`);
  }
}
