import { parentPort } from 'node:worker_threads';
import type { Started } from '../worker/message-thread.js';
import { type RemoteError, toRemoteError } from '../worker/remote-error.js';
import { type PartOptions, type PlacedFile, type PlacedParts, streamedParts } from './parts.js';
import { UNIT_BYTES } from './unit.js';
import { giveBackRoom } from './unit-memory.js';

/** A file to read, and from where on its parts carry their bytes (see `streamedParts`). */
export interface WantedFile extends PlacedFile {
  wantedFrom: number;
}

/** Messages to a reading thread: files to read, and that some of their parts have been taken, with memory to reuse. */
export type ReadingRequest =
  | { files: WantedFile[]; options: PartOptions }
  | { taken: true; room: SharedArrayBuffer | undefined };

/** A reading thread's answers to files: their parts in order, and then the end or an error. */
export type ReadingAnswer = { parts: PlacedParts[] } | { ended: true } | { error: RemoteError };

/** Parts without bytes in a message. */
const COUNTED_PARTS = 256;

const port = parentPort!;
/** Resolves once the last parts have been taken: only as much waits as one message holds, which is mostly a unit. */
let taken = Promise.resolve();
let onTaken = (): void => {};

port.on('message', (request: ReadingRequest) => {
  if ('files' in request) {
    read(request.files, request.options).then(
      () => post({ ended: true }),
      (error: Error) => post({ error: toRemoteError(error) }),
    );
    return;
  }
  if (request.room) giveBackRoom(new Uint8Array(request.room));
  onTaken();
});
post({ started: true });

async function read(files: readonly WantedFile[], options: PartOptions): Promise<void> {
  let parts: PlacedParts[] = [];
  let bytes = 0;
  const send = async () => {
    await taken;
    taken = new Promise((resolve) => (onTaken = resolve));
    const memory = parts
      .flatMap((placed) => placed.parts)
      .flatMap(({ data }) => (data?.buffer instanceof ArrayBuffer ? [data.buffer] : []));
    post({ parts }, memory);
    parts = [];
    bytes = 0;
  };
  try {
    for (const { wantedFrom, ...placed } of files)
      for await (const found of streamedParts(placed, options, wantedFrom)) {
        parts.push(...found);
        for (const { data } of found.flatMap((placed) => placed.parts)) bytes += data?.length ?? 0;
        if (bytes >= UNIT_BYTES || parts.length >= COUNTED_PARTS) await send();
      }
  } finally {
    // Those before an error come before it.
    if (parts.length > 0) await send();
  }
}

function post(answer: ReadingAnswer | Started, transfer: ArrayBuffer[] = []): void {
  port.postMessage(answer, transfer);
}
