import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { InputError } from '@mlm/base/errors';
import { type FolderManifest, MANIFEST } from '../sink/folder.js';

/**
 * Holds the shards in a split's folder against the sizes and checksums in its manifest.
 * @param path a {@link Dataset}'s path; a single file has no manifest
 * @param signal ends the check with an AbortError
 * @returns how many shards were checked: 0 where there is no manifest
 * @throws InputError naming the first shard that differs
 */
export async function checkShards(path: string, signal?: AbortSignal): Promise<number> {
  const text = await readFile(join(path, MANIFEST), 'utf8').catch(() => undefined);
  if (text === undefined) return 0;
  const { shards } = JSON.parse(text) as FolderManifest;
  for (const { file, bytes, crc32: expected } of shards) {
    const shard = join(path, file);
    const size = (await stat(shard).catch(() => undefined))?.size;
    if (size === undefined)
      throw new InputError(`${shard}: is missing; make the dataset again or copy it again`);
    if (size !== bytes)
      throw new InputError(`${shard}: has ${size} bytes where its manifest says ${bytes}; copy it again`);
    let checksum = 0;
    for await (const chunk of createReadStream(shard, { highWaterMark: 1 << 20, signal }))
      checksum = crc32(chunk as Buffer, checksum);
    if (checksum !== expected)
      throw new InputError(`${shard}: its checksum is not the one in its manifest; copy it again`);
  }
  return shards.length;
}
