/** The bytes at both ends of an Arrow IPC file; the leading ones are padded to 8. */
export const MAGIC = Buffer.from('ARROW1');
export const LEADING_MAGIC = Buffer.from('ARROW1\0\0');
/** Marks the end of an Arrow IPC stream, and of the messages in a file. */
export const END_OF_STREAM = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

const PADDING = Buffer.alloc(8);

/** An encapsulated message, as buffers to be written one after another. */
export interface EncodedMessage {
  buffers: Uint8Array[];
  /** Bytes of prefix, metadata and its padding. */
  metadataLength: number;
  /** Bytes of the body, padding included. */
  bodyLength: number;
}

/** Continuation marker, length, flatbuffer and padding: the start of an encapsulated message. */
export function frameMetadata(flatbuffer: Uint8Array): Uint8Array {
  const length = (flatbuffer.length + 8 + 7) & ~7;
  const bytes = Buffer.alloc(length);
  bytes.writeInt32LE(-1, 0);
  bytes.writeInt32LE(length - 8, 4);
  bytes.set(flatbuffer, 8);
  return bytes;
}

/** A message with these buffers as its body, each padded to 8 bytes and not copied. */
export function frameMessage(metadata: Uint8Array, body: readonly ArrayBufferView[]): EncodedMessage {
  const buffers: Uint8Array[] = [metadata];
  let bodyLength = 0;
  for (const { buffer, byteOffset, byteLength } of body) {
    if (byteLength === 0) continue;
    buffers.push(new Uint8Array(buffer, byteOffset, byteLength));
    const padding = -byteLength & 7;
    if (padding > 0) buffers.push(PADDING.subarray(0, padding));
    bodyLength += byteLength + padding;
  }
  return { buffers, metadataLength: metadata.length, bodyLength };
}

/** End of stream, footer, its length and the magic: everything that follows the last batch of an IPC file. */
export function frameFooter(footer: Uint8Array): Uint8Array[] {
  const length = Buffer.alloc(4);
  length.writeInt32LE(footer.length);
  return [END_OF_STREAM, footer, length, MAGIC];
}
