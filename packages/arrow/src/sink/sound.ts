import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Split } from '../metadata.js';
import type { JournalEntry, SplitProgress } from './journal.js';

/**
 * The leading entries of a journal that sizes and checksums of the files confirm. After a power loss, or if someone
 * changed a file, these may not be all.
 * @param shardPath path of a shard
 */
export async function soundEntries(
  entries: readonly JournalEntry[],
  shardPath: (split: Split, shard: number) => string,
): Promise<JournalEntry[]> {
  let sound = entries.length;
  for (const split of ['train', 'validation'] as const) {
    const shards = new Map<number, { entry: number; progress: SplitProgress }[]>();
    for (const [entry, { splits }] of entries.entries()) {
      const progress = splits[split];
      if (!progress) continue;
      const known = shards.get(progress.shard) ?? [];
      shards.set(progress.shard, [...known, { entry, progress }]);
    }
    for (const [shard, claims] of shards) {
      const failed = await firstUnsound(
        shardPath(split, shard),
        claims.map(({ progress }) => progress),
      );
      if (failed !== undefined) sound = Math.min(sound, claims[failed]!.entry);
    }
  }
  return entries.slice(0, sound);
}

/** Index of the first of the ascending `claims` about a file that is wrong; `undefined` if all are right. */
async function firstUnsound(path: string, claims: readonly SplitProgress[]): Promise<number | undefined> {
  const size = (await stat(path).catch(() => undefined))?.size ?? -1;
  const short = claims.findIndex(({ end }) => end > size);
  const count = short < 0 ? claims.length : short;
  const end = claims[count - 1]?.end ?? 0;
  let [position, checksum, next] = [0, 0, 0];
  const holds = ({ crc32: claimed }: SplitProgress) => claimed === 0 || claimed === checksum;
  if (end > 0)
    for await (const data of createReadStream(path, { end: end - 1, highWaterMark: 1 << 20 })) {
      let chunk = data as Buffer;
      while (next < count && claims[next]!.end <= position + chunk.length) {
        const length = claims[next]!.end - position;
        if (length < 0) return next;
        checksum = crc32(chunk.subarray(0, length), checksum);
        position += length;
        chunk = chunk.subarray(length);
        if (!holds(claims[next]!)) return next;
        next++;
      }
      checksum = crc32(chunk, checksum);
      position += chunk.length;
    }
  return short < 0 ? undefined : short;
}
