import type { RecordBatch } from 'apache-arrow';
import { listColumn } from './column.js';
import { KEPT_BYTES } from './memory.js';

const releases = new WeakMap<ArrayBufferLike, (buffers: ArrayBuffer[]) => void>();

/**
 * Registers a callback for a batch's memory once the batch has been written. Only for batches that you made yourself
 * and that nothing but the sink uses.
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

/** Passes a batch's memory to the callback of {@link onRelease}, if any; the batch must not be used afterwards. */
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
