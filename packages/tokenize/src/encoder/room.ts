/** Bytes of the longest text that an encoder in WebAssembly has room for: its memory takes some 13 times as many. */
export const MAX_TEXT_BYTES = 1 << 28;

/**
 * Copies a text to an encoder's room for it, unless it was read there.
 * @throws RangeError if there is no room for a text of that length
 */
export function putText(text: Uint8Array, room: Uint8Array | undefined): void {
  if (!room) throw new RangeError(`a text of ${text.length} bytes: encode it in parts`);
  if (text.buffer !== room.buffer || text.byteOffset !== room.byteOffset) room.set(text);
}
