import { MetadataVersion, type RecordBatch, type Schema } from 'apache-arrow';
import { type FileBlock, Footer } from 'apache-arrow/ipc/metadata/file';
import { RecordBatch as BatchHeader, Message } from 'apache-arrow/ipc/metadata/message';
import { VectorAssembler } from 'apache-arrow/visitor/vectorassembler';
import { type EncodedMessage, frameFooter, frameMessage, frameMetadata } from './framing.js';

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
  return frameMessage(metadata, buffers);
}

/** Everything that follows the last batch of a file. */
export function encodeFooter(schema: Schema, blocks: FileBlock[]): Uint8Array[] {
  return frameFooter(Footer.encode(new Footer(schema, MetadataVersion.V5, blocks, [])));
}

/** The start of an encapsulated message. */
export function encodeMetadata(message: Message): Uint8Array {
  return frameMetadata(Message.encode(message));
}
