// Divides a text into documents, as src/encoder/documents.ts does: not at all, by lines, or by blank lines.
import { encodeIllFormed } from './host';
import { addTaken, flush, total } from './output';
import { decode, ILL_FORMED, sizeOf } from './utf8';
import { isWhitespace } from './whitespace';

const LINE: i32 = 1;
const BLANK_LINE: i32 = 2;

export let documentEnds: usize = 0;
export let documentStarts: usize = 0;
export let documentCount: u32 = 0;
let text: usize = 0;
let encode: (start: usize, end: usize) => void = (start: usize, end: usize): void => {};

export function beginDocuments(ends: usize, starts: usize): void {
  documentEnds = ends;
  documentStarts = starts;
}

/** Encodes the documents of [start, end), each without what parts it from the others. */
export function encodeDocuments(
  start: usize,
  end: usize,
  mode: i32,
  encodeDocument: (start: usize, end: usize) => void,
): void {
  text = start;
  encode = encodeDocument;
  documentCount = 0;
  if (mode != LINE && mode != BLANK_LINE) {
    addDocument(start, start, end);
    return;
  }
  let document = start;
  /** The end of the last line that is not blank. */
  let contentEnd: usize = 0;
  for (let line = start; line < end; ) {
    const newline = newlineIn(line, end);
    const isLast = newline == end;
    const blank = isBlank(line, newline);
    if (!blank) {
      contentEnd = newline;
      if (!isLast && newline > document && load<u8>(newline - 1) == 0x0d) contentEnd--;
    }
    line = newline + 1;
    if (!isLast && (blank || mode == LINE)) {
      if (contentEnd != 0) addDocument(document, document, contentEnd);
      document = line;
      contentEnd = 0;
    }
  }
  if (contentEnd != 0) addDocument(document, document, contentEnd);
}

function newlineIn(from: usize, end: usize): usize {
  const newline = i8x16.splat(0x0a);
  for (let at = from; at < end; at += 16) {
    const hits = i8x16.bitmask(i8x16.eq(v128.load(at), newline));
    if (hits != 0) return min(at + <usize>ctz<i32>(hits), end);
  }
  return end;
}

function isBlank(from: usize, to: usize): bool {
  for (let p = from; p < to; ) {
    const decoded = decode(p);
    if (!isWhitespace(decoded & 0x1fffff)) return false;
    p += sizeOf(decoded);
  }
  return true;
}

/** A document without ids is none. */
function addDocument(begin: usize, start: usize, end: usize): void {
  const ids = total();
  if (isWellFormed(start, end)) {
    encode(start, end);
  } else {
    flush();
    addTaken(encodeIllFormed(start, end));
  }
  if (total() == ids) return;
  store<u32>(documentEnds + (<usize>documentCount << 2), total());
  store<u32>(documentStarts + (<usize>documentCount << 2), <u32>(begin - text));
  documentCount++;
}

function isWellFormed(start: usize, end: usize): bool {
  let p = start;
  while (p < end) {
    if (i8x16.bitmask(v128.load(p)) == 0) {
      p += 16;
      continue;
    }
    const stop = p + 16;
    while (p < stop && p < end) {
      const decoded = decode(p);
      if (decoded & ILL_FORMED || p + sizeOf(decoded) > end) return false;
      p += sizeOf(decoded);
    }
  }
  return true;
}
