import { once } from 'node:events';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type RecordBatch, Schema } from 'apache-arrow';
import { descriptionOf } from '../batch/place.js';
import { END_OF_STREAM, encodeBatch, encodeSchema } from '../ipc/encode.js';
import { type DatasetDescription, type DatasetMetadata, METADATA_KEY } from '../metadata.js';
import { metadataText } from '../metadata-text.js';

/** How {@link arrowStream} writes. */
export interface ArrowStreamOptions {
  /** What the dataset is. Default: what the batches' schema says, as the steps before have put it there. */
  description?: DatasetDescription;
  /** End `output` with the stream. Default: false for standard output, else true. */
  end?: boolean;
}

/**
 * A stream of record batches into a byte stream (standard output, a socket) as an Arrow IPC stream. Its schema goes first
 * and so carries no counts. An error of `output` becomes the stream's error.
 */
export function arrowStream(output: Writable, options: ArrowStreamOptions = {}): Writable {
  const { end = output !== process.stdout } = options;
  let begun = false;
  // The reader at the other end may go away (`| head`): its stream's error must end ours.
  const failed = new Promise<never>((_, reject) => output.once('error', reject));
  failed.catch(() => {});
  const write = async (buffers: Uint8Array[]) => {
    for (const buffer of buffers)
      if (!output.write(buffer)) await Promise.race([once(output, 'drain'), failed]);
  };
  const begin = async (batch: RecordBatch) => {
    const description = options.description ?? descriptionOf(batch);
    const metadata: DatasetMetadata | undefined = description && {
      ...description,
      split: 'train',
      rows_per_unit: [],
    };
    const entries = metadata && new Map([[METADATA_KEY, metadataText(metadata)]]);
    await write(encodeSchema(new Schema(batch.schema.fields, entries)).buffers);
    begun = true;
  };
  return new Writable({
    objectMode: true,
    highWaterMark: 2,
    write(batch: RecordBatch, _encoding, callback) {
      (begun ? Promise.resolve() : begin(batch))
        .then(() => (batch.numRows > 0 ? write(encodeBatch(batch).buffers) : undefined))
        .then(() => callback(), callback);
    },
    final(callback) {
      const finish = async () => {
        if (begun) await write([END_OF_STREAM]);
        if (!end) return;
        output.end();
        await finished(output);
      };
      finish().then(() => callback(), callback);
    },
  });
}
