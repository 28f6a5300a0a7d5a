import { writevSync } from 'node:fs';

/** Writes buffers one after another into a file, from a position on. */
export function writeBuffers(descriptor: number, buffers: readonly Uint8Array[], position: number): void {
  let pending = buffers.filter(({ length }) => length > 0);
  for (let at = position; pending.length > 0; ) {
    const written = writevSync(descriptor, pending, at);
    at += written;
    pending = bytesAfter(pending, written);
  }
}

/** Bytes of all buffers together. */
export function lengthOf(buffers: readonly Uint8Array[]): number {
  return buffers.reduce((sum, { length }) => sum + length, 0);
}

/** The buffers without their first `count` bytes. */
export function bytesAfter(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  let skipped = 0;
  for (const [i, buffer] of buffers.entries()) {
    if (skipped + buffer.length > count) return [buffer.subarray(count - skipped), ...buffers.slice(i + 1)];
    skipped += buffer.length;
  }
  return [];
}
