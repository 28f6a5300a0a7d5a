import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { moveUnlessThere, type Replaceable, syncFolder, syncTree } from '@mlm/base';
import type { DatasetMetadata, Split } from '../metadata.js';
import { DatasetSink, type DatasetSinkOptions } from './dataset.js';
import type { RowColumns } from './encodable.js';
import { partialFolder } from './journal.js';
import type { Shard, SplitWriter } from './split.js';

/** Options of {@link datasetFolder}. */
export interface DatasetFolderOptions extends DatasetSinkOptions {
  /** Bytes after which a shard ends, with the unit that reaches them. Default: 500e6, as Hugging Face datasets does. */
  shardBytes?: number | undefined;
}

/** The `manifest.json` beside a split's shards: its metadata, and the size and checksum of each shard. */
export interface FolderManifest {
  metadata?: DatasetMetadata;
  shards: (Shard & { file: string })[];
}

export const MANIFEST = 'manifest.json';

/** Hugging Face `datasets` adds caches (`cache-….arrow`) beside the shards of a dataset that it opened. */
const datasetContents: Replaceable = {
  kind: 'folder',
  name: 'a dataset folder',
  marks: ['state.json', 'dataset_dict.json', MANIFEST],
  isPart: (path) =>
    /^dataset_dict\.json$|^([^/]+\/)?((state|dataset_info|manifest)\.json|[^/]+\.arrow)?$/.test(path),
};

/**
 * A sink that writes record batches into a folder for Hugging Face `datasets.load_from_disk`: a dataset or, with
 * validation rows, a dict of `train` and `validation`. The folder is assembled in `<path>.partial/`.
 * @throws InputError (as the stream's error) if the target, or an interrupted run's working folder, exists
 *
 * @example
 * ```ts
 * import { pipeline } from 'node:stream/promises';
 * import { datasetFolder } from '@mlm/arrow';
 * import { loadTokenizer, textFiles, tokenize } from '@mlm/tokenize';
 *
 * await pipeline(textFiles(['corpus/']), tokenize({ tokenizer: await loadTokenizer() }), datasetFolder('out'));
 * ```
 */
export function datasetFolder(path: string, options: DatasetFolderOptions = {}): DatasetSink {
  const partial = partialFolder(path);
  const prepared = join(partial, 'dataset');
  const shardPath = (split: Split, shard: number) => join(partial, split, shardName(shard));
  return new DatasetSink(
    path,
    {
      format: 'stream',
      shardBytes: options.shardBytes ?? 500e6,
      shardPath,
      targets: { main: path },
      replaceable: datasetContents,
      schemaMetadata: (columns) =>
        new Map([['huggingface', JSON.stringify({ info: { features: features(columns) } })]]),
      prepared: { main: prepared },
      async prepare(writers, metadataOf) {
        for (const writer of writers)
          await prepareSplit(join(partial, writer.split), writer, metadataOf(writer), shardPath);
        if (writers.length === 1) await rename(join(partial, 'train'), prepared);
        else {
          await mkdir(prepared, { recursive: true });
          for (const { split } of writers) await rename(join(partial, split), join(prepared, split));
          const splits = JSON.stringify({ splits: writers.map(({ split }) => split) });
          await writeFile(join(prepared, 'dataset_dict.json'), splits);
        }
        await syncTree(prepared);
        await syncFolder(partial);
      },
      async undoPrepare() {
        for (const split of ['train', 'validation'])
          await moveUnlessThere(join(prepared, split), join(partial, split));
        await moveUnlessThere(prepared, join(partial, 'train'));
        for (const split of ['train', 'validation'] as const)
          await renameBack(join(partial, split), shardPath, split);
      },
    },
    options,
  );
}

async function prepareSplit(
  folder: string,
  writer: SplitWriter,
  metadata: DatasetMetadata,
  shardPath: (split: Split, shard: number) => string,
): Promise<void> {
  const total = String(writer.shards.length).padStart(5, '0');
  const files = writer.shards.map((_, shard) => `data-${String(shard).padStart(5, '0')}-of-${total}.arrow`);
  for (const [shard, file] of files.entries())
    await rename(shardPath(writer.split, shard), join(folder, file));
  const manifest: FolderManifest = {
    metadata,
    shards: writer.shards.map((shard, i) => ({ file: files[i]!, ...shard })),
  };
  const fingerprint = writer.shards.map((shard) => shard.crc32.toString(16).padStart(8, '0')).join('');
  const state = {
    _data_files: files.map((filename) => ({ filename })),
    _fingerprint: fingerprint.slice(0, 16).padStart(16, '0'),
    _format_columns: null,
    _format_kwargs: {},
    _format_type: null,
    _output_all_columns: false,
    _split: writer.split,
  };
  const info = {
    citation: '',
    description: '',
    features: features(writer.columns),
    homepage: '',
    license: '',
  };
  await writeFile(join(folder, 'state.json'), JSON.stringify(state, null, 2));
  await writeFile(join(folder, 'dataset_info.json'), JSON.stringify(info, null, 2));
  await writeFile(join(folder, MANIFEST), JSON.stringify(manifest));
}

/** Renames shards from their final names back to those under which they are written. */
async function renameBack(
  folder: string,
  shardPath: (split: Split, shard: number) => string,
  split: Split,
): Promise<void> {
  for (const file of await readdir(folder).catch(() => [])) {
    const shard = /^data-(\d+)-of-\d+\.arrow$/.exec(file)?.[1];
    if (shard !== undefined) await rename(join(folder, file), shardPath(split, Number(shard)));
  }
}

function shardName(shard: number): string {
  return `shard-${String(shard).padStart(5, '0')}.arrow`;
}

/** The columns in Hugging Face's terms; `Sequence` is read by datasets 3 and later, `List` only from 4 on. */
function features({ types }: RowColumns): Record<string, unknown> {
  const entries = types.map(({ name, dtype, isList }) => {
    const value = { dtype, _type: 'Value' };
    return [name, isList ? { feature: value, _type: 'Sequence' } : value];
  });
  return Object.fromEntries(entries);
}
