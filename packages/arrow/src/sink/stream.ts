import { once } from 'node:events';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { END_OF_STREAM } from '../ipc/framing.js';
import { type DatasetDescription, type DatasetMetadata, METADATA_KEY } from '../metadata.js';
import { metadataJson } from '../metadata-text.js';
import type { SinkRows } from './encodable.js';
import { type SinkInput, sinkRows } from './rows.js';

/** Options of {@link arrowStream}. */
export interface ArrowStreamOptions {
  /** The dataset's description. Default: the one in the batches' schema, where earlier steps put it. */
  description?: DatasetDescription;
  /** End `output` with the stream. Default: false for standard output, else true. */
  end?: boolean;
}

/**
 * A sink that writes record batches into a byte stream (standard output, a socket) as an Arrow IPC stream. The schema
 * comes first, so it contains no counts. An error of `output` becomes the stream's error.
 *
 * @example
 * ```ts
 * import { pipeline } from 'node:stream/promises';
 * import { arrowStream } from '@mlm/arrow';
 * import { loadTokenizer, textFiles, tokenize } from '@mlm/tokenize';
 *
 * await pipeline(textFiles(['corpus/']), tokenize({ tokenizer: await loadTokenizer() }), arrowStream(process.stdout));
 * ```
 */
export function arrowStream(output: Writable, options: ArrowStreamOptions = {}): Writable {
  const { end = output !== process.stdout } = options;
  let begun = false;
  // The reader may close its end (`| head`): the output's error must end this stream.
  const failed = new Promise<never>((_, reject) => output.once('error', reject));
  failed.catch(() => {});
  const write = async (buffers: Uint8Array[]) => {
    for (const buffer of buffers)
      if (!output.write(buffer)) await Promise.race([once(output, 'drain'), failed]);
  };
  const begin = async ({ columns, description: found }: SinkRows) => {
    const description = options.description ?? found;
    const metadata: DatasetMetadata | undefined = description && {
      ...description,
      split: 'train',
      rows_per_unit: [],
    };
    const entries = metadata ? [[METADATA_KEY, metadataJson(metadata)] as const] : [];
    await write(columns.encodeSchema(new Map(entries)).buffers);
    begun = true;
  };
  return new Writable({
    objectMode: true,
    highWaterMark: 2,
    write(input: SinkInput, _encoding, callback) {
      const writeRows = async () => {
        const batch = await sinkRows(input);
        if (!begun) await begin(batch);
        if (batch.rows === 0) return;
        const message = batch.encode();
        if (!('buffers' in message)) throw new Error('batches that write themselves need a file');
        await write(message.buffers);
      };
      writeRows().then(() => callback(), callback);
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
