/**
 * Decompresses an LZ4 frame (version 1.6 of the format): its blocks, linked or not.
 * @param size bytes of the content
 * @param checksum XXH32 of bytes, for frames that have one
 * @throws Error if it is damaged or its content has another size
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
export function decompressLz4Frame(
  bytes: Uint8Array,
  size: number,
  checksum: (bytes: Uint8Array) => number,
): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== 0x184d2204) throw new Error('it is not an LZ4 frame');
  const flags = view.getUint8(4);
  if (flags >> 6 !== 1) throw new Error('its version of LZ4 is unknown');
  const hasBlockChecksums = (flags & 16) !== 0;
  let at = 7 + ((flags & 8) !== 0 ? 8 : 0) + ((flags & 1) !== 0 ? 4 : 0);
  const out = new Uint8Array(size);
  let length = 0;
  for (;;) {
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const block = bytes.subarray(at, at + (word & 0x7fffffff));
    if (block.length < (word & 0x7fffffff)) throw new Error('it ends inside a block');
    at += block.length;
    if (word >>> 31 === 1) {
      // `set` refuses what does not fit.
      out.set(block, length);
      length += block.length;
    } else length = decompressBlock(block, out, length);
    if (hasBlockChecksums) {
      if (view.getUint32(at, true) !== checksum(block))
        throw new Error('a block does not match its checksum');
      at += 4;
    }
  }
  if (length !== size) throw new Error('its content has another size');
  if ((flags & 4) !== 0 && view.getUint32(at, true) !== checksum(out))
    throw new Error('its content does not match its checksum');
  return out;
}

/** Appends a block's content, which may repeat earlier content. Returns its end. */
function decompressBlock(block: Uint8Array, out: Uint8Array, start: number): number {
  let length = start;
  let at = 0;
  const more = (nibble: number) => {
    let count = nibble;
    if (nibble < 15) return count;
    for (;;) {
      if (at >= block.length) throw new Error('it ends inside a length');
      const byte = block[at++]!;
      count += byte;
      if (byte < 255) return count;
    }
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = more(token >> 4);
    if (at + literals > block.length) throw new Error('it ends inside its literals');
    out.set(block.subarray(at, at + literals), length);
    at += literals;
    length += literals;
    // The last sequence of a block has no match.
    if (at === block.length) return length;
    if (at + 2 > block.length) throw new Error('it ends inside a match');
    const offset = block[at]! | (block[at + 1]! << 8);
    at += 2;
    const match = more(token & 15) + 4;
    if (offset === 0 || offset > length || length + match > out.length)
      throw new Error('a match lies outside the content');
    if (offset >= match) out.copyWithin(length, length - offset, length - offset + match);
    else for (let i = 0; i < match; i++) out[length + i] = out[length + i - offset]!;
    length += match;
  }
  return length;
}
