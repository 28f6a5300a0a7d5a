import xxhash from 'xxhash-wasm';

const { create64 } = await xxhash();

interface FrameOptions {
  content: Buffer;
  hasChecksum: boolean;
  hasSize: boolean;
}

/** A zstd frame of raw blocks, and of repeated bytes where a block is nothing else. */
export function frame({ content, hasChecksum, hasSize }: FrameOptions, blockBytes = 50): Buffer {
  const parts: Uint8Array[] = [
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, (hasSize ? 0xa0 : 0) | (hasChecksum ? 4 : 0)]),
  ];
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length);
  // Else a window of 128 KiB.
  parts.push(hasSize ? size : Buffer.from([7 << 3]));
  let at = 0;
  do {
    const block = content.subarray(at, at + blockBytes);
    at += blockBytes;
    const isRepeated = block.length > 0 && block.every((byte) => byte === block[0]);
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | (isRepeated ? 2 : 0) | (at >= content.length ? 1 : 0), 0, 3);
    parts.push(header, isRepeated ? block.subarray(0, 1) : block);
  } while (at < content.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(Number(create64().update(Uint8Array.from(content)).digest() & 0xffffffffn));
  if (hasChecksum) parts.push(checksum);
  return Buffer.concat(parts);
}
