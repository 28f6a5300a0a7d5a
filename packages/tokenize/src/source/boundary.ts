import type { DocumentKind } from './unit.js';

const LINE_FEED = 10;

/** A place between two words where text may be cut. */
export interface Cut {
  /** Index of the first byte after the whitespace. */
  index: number;
  /** Whether a document ends here too. */
  endsDocument: boolean;
}

/**
 * Where to cut within these bytes: at the first document boundary, else after the first whitespace, else nowhere. A cut
 * follows a whole run of whitespace; a run at either end of `bytes` may be longer than it seems and is passed over.
 */
export function findCut(bytes: Uint8Array, document: DocumentKind): Cut | undefined {
  let run = skipSpace(bytes, 0);
  while (run < bytes.length && !isSpace(bytes[run]!)) run++;
  let first: Cut | undefined;
  while (run < bytes.length) {
    const index = skipSpace(bytes, run);
    if (index === bytes.length) break;
    const endsDocument = lineFeedsIn(bytes, run, index) >= lineFeedsBetween(document);
    if (endsDocument) return { index, endsDocument };
    first ??= { index, endsDocument };
    // Runs without a line feed end no document.
    run = bytes.indexOf(LINE_FEED, index);
    if (run < 0) break;
  }
  return first;
}

function lineFeedsIn(bytes: Uint8Array, start: number, end: number): number {
  let lineFeeds = 0;
  for (let i = start; i < end; i++) if (bytes[i] === LINE_FEED) lineFeeds++;
  return lineFeeds;
}

/**
 * Where to cut text that has had no cut for too long: between two characters at the start of these bytes. If those are
 * whitespace, a document ends there.
 */
export function forceCut(bytes: Uint8Array): Cut {
  let index = 0;
  while (index < 3 && (bytes[index]! & 0xc0) === 0x80) index++;
  return { index, endsDocument: isSpace(bytes[index]!) };
}

/** The start of the last document that begins in these bytes; `undefined` if none does. */
export function findLastDocumentStart(bytes: Uint8Array, document: DocumentKind): number | undefined {
  if (document === 'file') return undefined;
  const needed = lineFeedsBetween(document);
  const textStart = skipSpace(bytes, 0);
  let from = bytes.length - 1;
  while (from >= textStart) {
    const lineFeed = bytes.lastIndexOf(LINE_FEED, from);
    if (lineFeed < textStart) return undefined;
    let lineFeeds = 0;
    let index = lineFeed;
    while (index >= textStart && isSpace(bytes[index]!)) if (bytes[index--] === LINE_FEED) lineFeeds++;
    const end = skipSpace(bytes, lineFeed);
    if (lineFeeds >= needed && end < bytes.length) return end;
    from = index;
  }
  return undefined;
}

/** Index of the first byte from `index` on that is not ASCII whitespace, or `end`. */
export function skipSpace(bytes: Uint8Array, index: number, end = bytes.length): number {
  let i = index;
  while (i < end && isSpace(bytes[i]!)) i++;
  return i;
}

/** Line feeds in a run of whitespace that make it a document boundary. */
function lineFeedsBetween(document: DocumentKind): number {
  if (document === 'file') return Number.POSITIVE_INFINITY;
  return document === 'line' ? 1 : 2;
}

/** Whether a byte is ASCII whitespace. */
export function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === LINE_FEED || byte === 13;
}
