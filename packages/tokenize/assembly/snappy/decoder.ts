// Decompresses Snappy (google/snappy, format_description.txt) within the module's memory, which the caller divides:
// compressed bytes are read into it and decompressed text is used where it lies.

/** The first byte that is the caller's. */
export const BASE: usize = 1024;

/** Bytes that a copy may write beyond the end of what it copies, within the memory. */
const SLACK: usize = 16;

/**
 * Decompresses `size` bytes at `from` to exactly `length` bytes at `to`, after which the memory has 16 bytes more.
 * @returns whether the data is whole and sound
 */
export function decompress(from: usize, size: usize, to: usize, length: usize): bool {
  const end = from + size;
  const target = to + length;
  let out = to;
  let at = from;
  let stated: u64 = 0;
  for (let shift: u64 = 0; ; shift += 7) {
    if (at == end || shift > 28) return false;
    const byte = load<u8>(at++);
    stated |= ((byte & 0x7f) as u64) << shift;
    if (byte < 0x80) break;
  }
  if (stated != (length as u64)) return false;
  while (at < end) {
    const tag = load<u8>(at++) as usize;
    const kind = tag & 3;
    let count = (tag >> 2) + 1;
    if (kind == 0) {
      if (count > 60) {
        const bytes = count - 60;
        if (end - at < bytes) return false;
        count = 1;
        for (let i: usize = 0; i < bytes; i++) count += (load<u8>(at + i) as usize) << (8 * i);
        at += bytes;
        // Of 2^32 bytes the count is 0.
        if (count == 0) return false;
      }
      if (end - at < count || target - out < count) return false;
      if (count <= SLACK && end - at >= SLACK) v128.store(out, v128.load(at));
      else memory.copy(out, at, count);
      at += count;
      out += count;
      continue;
    }
    let offset: usize;
    if (kind == 1) {
      if (at == end) return false;
      count = ((tag >> 2) & 7) + 4;
      offset = ((tag >> 5) << 8) | load<u8>(at);
      at += 1;
    } else if (kind == 2) {
      if (end - at < 2) return false;
      offset = load<u16>(at);
      at += 2;
    } else {
      if (end - at < 4) return false;
      offset = load<u32>(at);
      at += 4;
    }
    if (offset == 0 || offset > out - to || target - out < count) return false;
    copyBack(out, offset, count);
    out += count;
  }
  return out == target;
}

/** Copies bytes from `offset` before their place, which may be among those that are copied. */
@inline function copyBack(out: usize, offset: usize, count: usize): void {
  const source = out - offset;
  if (offset >= SLACK) {
    for (let i: usize = 0; i < count; i += SLACK) v128.store(out + i, v128.load(source + i));
  } else if (offset >= 8) {
    for (let i: usize = 0; i < count; i += 8) store<u64>(out + i, load<u64>(source + i));
  } else {
    for (let i: usize = 0; i < count; i++) store<u8>(out + i, load<u8>(source + i));
  }
}
