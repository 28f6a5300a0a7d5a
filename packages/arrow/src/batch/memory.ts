/** Smaller buffers are not worth keeping. */
export const KEPT_BYTES = 64 << 10;
/** Buffers kept per thread for reuse: those of two batches. */
const KEPT_BUFFERS = 6;

/** Free buffers of this thread. */
const free: ArrayBuffer[] = [];

/** An int32 array with unspecified contents, in reused memory if some of that size is free. */
export function int32Memory(length: number): Int32Array<ArrayBuffer> {
  return new Int32Array(takeBuffer(length * 4), 0, length);
}

/** An int8 array with unspecified contents, in reused memory if some of that size is free. */
export function int8Memory(length: number): Int8Array<ArrayBuffer> {
  return new Int8Array(takeBuffer(length), 0, length);
}

/**
 * Returns memory to this thread for reuse by {@link int32Memory} and {@link int8Memory}: allocating and collecting
 * megabytes per batch costs more than masking it.
 */
export function giveBackMemory(buffers: Iterable<ArrayBuffer>): void {
  for (const buffer of buffers) if (buffer.byteLength >= KEPT_BYTES) free.push(buffer);
  // Drop the smallest, which are the cheapest to allocate.
  if (free.length > KEPT_BUFFERS) free.sort((a, b) => b.byteLength - a.byteLength).length = KEPT_BUFFERS;
}

/** Takes the smallest free buffer that is large enough but not more than twice as large, or allocates one. */
function takeBuffer(bytes: number): ArrayBuffer {
  let best = -1;
  for (const [i, { byteLength }] of free.entries()) {
    const fits = byteLength >= bytes && byteLength <= 2 * bytes;
    if (fits && (best < 0 || byteLength < free[best]!.byteLength)) best = i;
  }
  if (best >= 0) return free.splice(best, 1)[0]!;
  // Batches differ in size; room to spare makes a buffer fit the next ones too. It costs nothing until it is written to,
  // while a buffer that is given up for a larger one takes memory until garbage is collected.
  const size = bytes < KEPT_BYTES ? bytes : bytes + (bytes >> 1);
  // Only Node offers memory that is not zeroed.
  return typeof Buffer === 'undefined' ? new ArrayBuffer(size) : Buffer.allocUnsafeSlow(size).buffer;
}
