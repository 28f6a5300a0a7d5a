import type { RecordBatch } from 'apache-arrow';
import { listColumn } from './column.js';
import { KEPT_BYTES } from './memory.js';

const releases = new WeakMap<ArrayBufferLike, (buffers: ArrayBuffer[]) => void>();

/**
 * Says what to do with a batch's memory once the batch has been written. Call it only for batches that you made, and only when
 * nothing but the sink will use it.
 *
 * @example
 * ```ts
 * import { onRelease, tokenBatch } from '@mlm/arrow';
 *
 * const input_ids = { values: Int32Array.of(101, 7592, 102), offsets: Int32Array.of(0, 3) };
 * const free: ArrayBuffer[] = [];
 * onRelease(tokenBatch(input_ids), (buffers) => free.push(...buffers));
 * ```
 */
export function onRelease(batch: RecordBatch, callback: (buffers: ArrayBuffer[]) => void): void {
  const buffer = firstBuffer(batch);
  if (buffer) releases.set(buffer, callback);
}

/** Returns a batch's memory to its maker, if it asked for it; the batch must not be used afterwards. */
export function releaseBatch(batch: RecordBatch): void {
  const first = firstBuffer(batch);
  const callback = first && releases.get(first);
  if (!callback) return;
  releases.delete(first);
  const buffers = new Set<ArrayBuffer>();
  for (const { name } of batch.schema.fields) {
    const { buffer } = listColumn(batch, name).values;
    if (buffer instanceof ArrayBuffer && buffer.byteLength >= KEPT_BYTES) buffers.add(buffer);
  }
  callback([...buffers]);
}

function firstBuffer(batch: RecordBatch): ArrayBufferLike | undefined {
  return batch.data.children[0]?.children[0]?.values?.buffer;
}
