import { UNIT_BYTES, type Unit } from './unit.js';

/** Room for the bytes of a unit and those that are searched for its end. */
const ROOM = UNIT_BYTES + (128 << 10);

/** Rooms that are not in use. */
const free: SharedArrayBuffer[] = [];

/**
 * Memory for the bytes of a unit that threads cannot read from a file themselves. Threads share it: they get no copies,
 * which would wait for their garbage collectors. Once given back, it serves later units.
 * @param bytes - needed at least. Default: those of most units
 */
export function unitMemory(bytes = ROOM): Buffer {
  return Buffer.from(
    bytes > ROOM ? new SharedArrayBuffer(bytes) : (free.pop() ?? new SharedArrayBuffer(ROOM)),
  );
}

/** Memory of {@link unitMemory} that is not in use, if any, for units that another thread reads. */
export function freeRoom(): SharedArrayBuffer | undefined {
  return free.pop();
}

/** Lets later units use memory of {@link unitMemory} that nothing reads any more. */
export function giveBackRoom({ buffer }: Uint8Array): void {
  // Larger rooms are rare.
  if (buffer instanceof SharedArrayBuffer && buffer.byteLength === ROOM) free.push(buffer);
}

/** Lets later units use the memory of one that is done. Its parts must not be read again. */
export function giveBackUnit({ parts }: Unit): void {
  for (const { data } of parts) if (data) giveBackRoom(data);
}
