import {
  RecordBatch as BatchHeader,
  BufferRegion,
  DictionaryBatch,
  FieldNode,
  Message,
} from 'apache-arrow/ipc/metadata/message';
import { encodeMetadata } from './encode.js';
import { count64, DamagedError } from './flatbuffer.js';
import type { BatchLayout } from './message.js';

/** The codecs of record batches. */
export type BufferCodec = 'LZ4' | 'ZSTD';

/**
 * Decompresses one buffer of a record batch.
 * @param size bytes of the decompressed buffer
 * @throws any error if the data does not have that size
 */
export type BufferDecompressor = (codec: BufferCodec, bytes: Uint8Array, size: number) => Uint8Array;

/** Limit of a batch's decompressed bytes. */
const MAX_BODY = 1 << 30;

/** Decompresses a batch: returns its layout and body as they are without compression. */
export function decompressBatch(
  batch: BatchLayout,
  body: Uint8Array,
  decompress: BufferDecompressor,
): { batch: BatchLayout; body: Uint8Array } {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const parts: Uint8Array[] = [];
  const buffers: BatchLayout['buffers'] = [];
  let end = 0;
  for (const { offset, length } of batch.buffers) {
    if (offset + length > body.length || (length > 0 && length < 8))
      throw new DamagedError(`a compressed buffer at byte ${offset} of a batch does not fit into it`);
    // −1 marks a buffer stored uncompressed, because compression would not have shrunk it.
    const isPlain = length > 0 && view.getBigInt64(offset, true) === -1n;
    const size = length === 0 ? 0 : isPlain ? length - 8 : count64(view, offset);
    if (end + size > MAX_BODY)
      throw new DamagedError(`a batch of ${body.length} bytes grows to more than ${MAX_BODY >> 20} MiB`);
    const bytes = body.subarray(offset + 8, offset + length);
    buffers.push({ offset: end, length: size });
    if (size > 0)
      parts.push(isPlain ? bytes : decompressed(batch.codec as BufferCodec, bytes, size, decompress));
    parts.push(new Uint8Array(-size & 7));
    end += size + (-size & 7);
  }
  return { batch: { ...batch, buffers, codec: undefined }, body: Buffer.concat(parts, end) };
}

function decompressed(
  codec: BufferCodec,
  bytes: Uint8Array,
  size: number,
  decompress: BufferDecompressor,
): Uint8Array {
  try {
    const result = decompress(codec, bytes, size);
    if (result.length === size) return result;
  } catch {}
  throw new DamagedError(`a buffer of a batch is not ${codec} data of ${size} bytes`);
}

/** The start of a message with its layout replaced. */
export function withLayout(
  metadata: Uint8Array,
  { nodes, buffers, variadicCounts }: BatchLayout,
  bodyLength: number,
): Uint8Array {
  const header = Message.decode(metadata).header() as BatchHeader | DictionaryBatch;
  const regions = buffers.map(({ offset, length }) => new BufferRegion(offset, length));
  const fields = nodes.map(({ length, nulls }) => new FieldNode(length, nulls));
  const plain = ({ length }: BatchHeader) => new BatchHeader(length, fields, regions, null, variadicCounts);
  const changed =
    header instanceof DictionaryBatch
      ? new DictionaryBatch(plain(header.data), header.id, header.isDelta)
      : plain(header);
  return encodeMetadata(Message.from(changed as BatchHeader, bodyLength));
}
