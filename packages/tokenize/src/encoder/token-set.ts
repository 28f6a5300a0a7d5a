import type { AddedToken } from '../tokenizer/types.js';

const FLAGS = { lstrip: 1, rstrip: 2, singleWord: 4 };

/** Encodes added tokens for assembly/common/added-tokens.ts; empty if there are none. */
export function tokenSet(tokens: readonly AddedToken[]): Uint8Array {
  const byContent = new Map([...tokens].reverse().map((token) => [token.content, token]));
  byContent.delete('');
  const entries = [...byContent.values()]
    .map((token) => ({ token, bytes: Buffer.from(token.content) }))
    .sort((a, b) => a.bytes[0]! - b.bytes[0]! || b.bytes.length - a.bytes.length);
  if (entries.length === 0) return new Uint8Array(0);
  const firsts = [...new Set(entries.map(({ bytes }) => bytes[0]!))];
  const size = entries.reduce(
    (sum, { bytes }) => sum + 8 + align(bytes.length),
    64 + 1024 + 8 * firsts.length,
  );
  const set = new Uint8Array(align(size) + 8);
  const words = new DataView(set.buffer);
  let at = 64 + 1024;
  for (const [i, first] of firsts.entries()) {
    words.setUint32(64 + 4 * first, at, true);
    const group = 1 << (i % 8);
    for (const { token, bytes } of entries.filter(({ bytes }) => bytes[0] === first)) {
      mark(set, 0, bytes[0]!, group);
      if (bytes.length > 1) mark(set, 32, bytes[1]!, group);
      else for (let byte = 0; byte < 256; byte++) mark(set, 32, byte, group);
      const flags =
        (token.lstrip ? FLAGS.lstrip : 0) |
        (token.rstrip ? FLAGS.rstrip : 0) |
        (token.singleWord ? FLAGS.singleWord : 0);
      words.setInt32(at, token.id, true);
      words.setUint32(at + 4, bytes.length | (flags << 24), true);
      set.set(bytes, at + 8);
      at += 8 + align(bytes.length);
    }
    at += 8;
  }
  return set;
}

/** Sets the bit of a group for the low and the high nibble of a byte. */
function mark(set: Uint8Array, table: number, byte: number, group: number): void {
  set[table + (byte & 15)]! |= group;
  set[table + 16 + (byte >> 4)]! |= group;
}

function align(bytes: number): number {
  return (bytes + 3) & ~3;
}
