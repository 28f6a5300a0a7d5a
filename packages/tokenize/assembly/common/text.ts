// The way of a text, the same for all models of this kind: documents, added tokens as they stand, normalizer, added tokens
// of the normalized text, and then what the model makes of a piece.
import { parted } from './added-tokens';
import { setUpCache } from './cache';
import { beginDocuments, encodeDocuments } from './documents';
import { allocate, free, reach, release } from './heap';
import { normalize, normalizedEnd, normalizedStart, setNormalBuffer, stripsStart } from './normalize';
import { beginOutput } from './output';
import { decode } from './utf8';
import { isWhitespace } from './whitespace';

let rawTokens: usize = 0;
let normalizedTokens: usize = 0;
let textRegion: usize = 0;
let text: usize = 0;
let textBytes: usize = 0;
/** Where text goes that is not normalized in place: behind all else. */
let buffer: usize = 0;
/** Free memory from there on. */
export let scratch: usize = 0;

type EncodePiece = (start: usize, end: usize, first: bool) => void;
let encodePiece: EncodePiece = (start: usize, end: usize, first: bool): void => {};
let startsDocument: bool = false;

/** Room for the two sets of added tokens, which the host fills; 0 bytes for none. */
export function setUpTokens(rawBytes: usize, normalizedBytes: usize): usize {
  const at = allocate(rawBytes + normalizedBytes + 64);
  rawTokens = rawBytes > 0 ? at : 0;
  normalizedTokens = normalizedBytes > 0 ? at + rawBytes : 0;
  return at;
}

/**
 * After everything else: all that setting up has filled lies before the returned address.
 * @param filled that address, if the memory before it was taken over from another thread; else 0
 */
export function finish(filled: usize): usize {
  if (filled > 0) allocate(filled - free());
  const end = free();
  setUpCache();
  textRegion = allocate(0);
  return end;
}

/** Room for a text of so many bytes; returns where the host writes it. Views of the memory may be stale afterwards. */
export function reserve(bytes: usize): usize {
  release(textRegion);
  text = allocate(bytes + 192) + 64;
  textBytes = bytes;
  beginDocuments(allocate((bytes << 1) + 64), allocate((bytes << 1) + 64));
  const room = max<usize>(bytes << 2, 1 << 16) + 128;
  beginOutput(allocate(room), room);
  buffer = scratch = allocate(64);
  setNormalBuffer(buffer);
  return text;
}

/**
 * Encodes the text in the reserved room.
 * @param encode is given pieces of normalized text, with whether a piece begins with what its document begins with; the
 *   byte before a piece may be overwritten for the time being
 */
export function encodeText(mode: i32, encode: EncodePiece): void {
  encodePiece = encode;
  memory.fill(text + textBytes, 0, 64);
  encodeDocuments(text, text + textBytes, mode, (start: usize, end: usize): void => {
    parted(rawTokens, start, end, encodeSegment);
  });
}

function encodeSegment(start: usize, end: usize, first: bool): void {
  startsDocument = first && !(stripsStart() && isWhitespace(decode(start) & 0x1fffff));
  normalize(start, end);
  const to = normalizedEnd;
  // Text in the buffer lies where a word's memory would begin. What was normalized in place may be empty, and end where the
  // text does: its place says nothing about where memory is free.
  if (normalizedStart >= buffer) {
    scratch = (to + 127) & ~63;
    reach(to + 128);
  }
  parted(normalizedTokens, normalizedStart, to, (from: usize, end: usize, first: bool): void => {
    encodePiece(from, end, first && startsDocument);
  });
}
