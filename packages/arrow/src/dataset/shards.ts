import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { InputError } from '@mlm/base/errors';
import type { Shard } from '../sink/split.js';
import { readManifest } from './sidecar.js';

/**
 * Checks the shards of a split's folder against the sizes and checksums in its manifest.
 * @param path a dataset's path; a single file has no manifest
 * @param signal aborts with an AbortError
 * @returns the number of shards checked; 0 if there is no manifest
 * @throws InputError naming the first shard that differs
 *
 * @example
 * ```ts
 * import { checkShards } from '@mlm/arrow';
 *
 * console.log(`${await checkShards('corpus')} shards are whole`);
 * ```
 */
export async function checkShards(path: string, signal?: AbortSignal): Promise<number> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  const manifest = isFolder ? await readManifest(path) : undefined;
  for (const shard of manifest?.shards ?? []) await checkShard(join(path, shard.file), shard, signal);
  return manifest?.shards.length ?? 0;
}

/**
 * Like {@link checkShards}, for both splits of a dataset.
 *
 * @example
 * ```ts
 * import { checkDataset, openDataset } from '@mlm/arrow';
 *
 * await checkDataset(await openDataset('corpus'));
 * ```
 */
export async function checkDataset(
  dataset: { readonly path: string; readonly validation?: { readonly path: string } | undefined },
  signal?: AbortSignal,
): Promise<void> {
  await checkShards(dataset.path, signal);
  if (dataset.validation) await checkShards(dataset.validation.path, signal);
}

/** Checks one shard, see {@link checkShards}. */
export async function checkShard(
  path: string,
  { bytes, crc32: expected }: Pick<Shard, 'bytes' | 'crc32'>,
  signal?: AbortSignal,
): Promise<void> {
  const size = (await stat(path).catch(() => undefined))?.size;
  if (size === undefined)
    throw new InputError(`${path}: is missing; make the dataset again or copy it again`);
  if (size !== bytes)
    throw new InputError(`${path}: has ${size} bytes, but its manifest says ${bytes}; copy it again`);
  let checksum = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal }))
    checksum = crc32(chunk as Buffer, checksum);
  if (checksum !== expected)
    throw new InputError(`${path}: does not match the checksum in its manifest; copy it again`);
}
