import { MetadataVersion, type RecordBatch, type Schema } from 'apache-arrow';
import { type FileBlock, Footer } from 'apache-arrow/ipc/metadata/file';
import { RecordBatch as BatchHeader, Message } from 'apache-arrow/ipc/metadata/message';
import { VectorAssembler } from 'apache-arrow/visitor/vectorassembler';

/** The bytes at both ends of an Arrow IPC file; the leading ones are padded to 8. */
export const MAGIC = Buffer.from('ARROW1');
export const LEADING_MAGIC = Buffer.from('ARROW1\0\0');
/** Ends an Arrow IPC stream, and the messages of a file. */
export const END_OF_STREAM = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

const PADDING = Buffer.alloc(8);

/** One encapsulated message, as buffers to be written one after another. */
export interface EncodedMessage {
  buffers: Uint8Array[];
  /** Bytes of prefix, metadata and its padding. */
  metadataLength: number;
  /** Bytes of the body, padding included. */
  bodyLength: number;
}

export function encodeSchema(schema: Schema): EncodedMessage {
  const metadata = encodeMetadata(Message.from(schema));
  return { buffers: [metadata], metadataLength: metadata.length, bodyLength: 0 };
}

/** Encodes a batch without copying its columns: the body's buffers are views of them. */
export function encodeBatch(batch: RecordBatch): EncodedMessage {
  const { byteLength, nodes, buffers, bufferRegions, variadicBufferCounts } = VectorAssembler.assemble(batch);
  const header = new BatchHeader(
    batch.numRows,
    nodes,
    bufferRegions,
    null,
    variadicBufferCounts,
    batch.metadata,
  );
  const metadata = encodeMetadata(Message.from(header, byteLength));
  const all: Uint8Array[] = [metadata];
  for (const buffer of buffers) {
    if (buffer.byteLength === 0) continue;
    all.push(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength));
    const padding = -buffer.byteLength & 7;
    if (padding > 0) all.push(PADDING.subarray(0, padding));
  }
  return { buffers: all, metadataLength: metadata.length, bodyLength: byteLength };
}

/** End of stream, footer, its length and the magic: all that follows the last batch of an IPC file. */
export function encodeFooter(schema: Schema, blocks: FileBlock[]): Uint8Array[] {
  const footer = Footer.encode(new Footer(schema, MetadataVersion.V5, blocks, []));
  const length = Buffer.alloc(4);
  length.writeInt32LE(footer.length);
  return [END_OF_STREAM, footer, length, MAGIC];
}

/** Continuation marker, length, flatbuffer and padding: the start of an encapsulated message. */
export function encodeMetadata(message: Message): Uint8Array {
  const flatbuffer = Message.encode(message);
  const length = (flatbuffer.length + 8 + 7) & ~7;
  const bytes = Buffer.alloc(length);
  bytes.writeInt32LE(-1, 0);
  bytes.writeInt32LE(length - 8, 4);
  bytes.set(flatbuffer, 8);
  return bytes;
}
