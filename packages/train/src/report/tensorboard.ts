import { appendFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { syncFile } from '@mlm/base';
import { double, float, lengthDelimited, text, varint } from './protobuf.js';

/**
 * Writes scalars and settings as TensorBoard reads them: a file of TFRecords, each an `Event` protocol buffer with a
 * `Summary`.
 */
export class EventFile {
  readonly #path: string;
  #begun = false;

  constructor(
    folder: string,
    private readonly now: () => number = Date.now,
  ) {
    const seconds = Math.floor(now() / 1000);
    this.#path = join(
      folder,
      `events.out.tfevents.${String(seconds).padStart(10, '0')}.${hostname()}.${process.pid}.mlm`,
    );
  }

  /** Appends values of one step under their tags, such as `train/loss`. */
  scalars(step: number, values: Record<string, number>): Promise<void> {
    const summary = Object.entries(values).map(([tag, value]) =>
      lengthDelimited(1, Buffer.concat([text(1, tag), float(2, value)])),
    );
    return this.#append(step, lengthDelimited(5, Buffer.concat(summary)));
  }

  /** Records the run's settings, for TensorBoard's table of runs (the plugin "hparams"). */
  hyperparameters(values: Record<string, string | number | boolean | null>): Promise<void> {
    const entries = Object.entries(values).map(([name, value]) =>
      lengthDelimited(1, Buffer.concat([text(1, name), lengthDelimited(2, anyValue(value))])),
    );
    const start = lengthDelimited(3, Buffer.concat([...entries, double(5, this.now() / 1000)]));
    const plugin = Buffer.concat([text(1, 'hparams'), lengthDelimited(2, start)]);
    const metadata = lengthDelimited(9, lengthDelimited(1, plugin));
    const tag = text(1, '_hparams_/session_start_info');
    return this.#append(0, lengthDelimited(5, lengthDelimited(1, Buffer.concat([tag, metadata]))));
  }

  /** Records that a run continues at a step: TensorBoard then drops this and later steps of older files. */
  restart(step: number): Promise<void> {
    const start = varint(1, 1);
    return this.#append(step, lengthDelimited(7, start));
  }

  /** Flushes all events to disk. */
  async sync(): Promise<void> {
    if (this.#begun) await syncFile(this.#path);
  }

  /** Appends an event, after one that names the format if it is the file's first. */
  async #append(step: number, content: Buffer): Promise<void> {
    const time = double(1, this.now() / 1000);
    const records = [record(Buffer.concat([time, varint(2, step), content]))];
    if (!this.#begun) {
      records.unshift(record(Buffer.concat([time, text(3, 'brain.Event:2')])));
    }
    this.#begun = true;
    await appendFile(this.#path, Buffer.concat(records));
  }
}

/** A `google.protobuf.Value`. */
function anyValue(value: string | number | boolean | null): Buffer {
  if (typeof value === 'number') return double(2, value);
  if (typeof value === 'string') return text(3, value);
  return value === null ? varint(1, 0) : varint(4, Number(value));
}

/** A TFRecord: length, its masked CRC, the data, its masked CRC (little-endian). */
function record(data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, maskedCrc(length), data, maskedCrc(data)]);
}

function maskedCrc(data: Buffer): Buffer {
  const crc = crc32c(data);
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(masked);
  return bytes;
}

/** Remainders of the bytes 0 to 255 under the Castagnoli polynomial, bits reversed. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++)
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0x82f63b78 : remainder >>> 1;
  return remainder;
});

/** CRC-32C (Castagnoli, RFC 3720), which TFRecords carry; Node's zlib has CRC-32 of another polynomial only. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = table[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
