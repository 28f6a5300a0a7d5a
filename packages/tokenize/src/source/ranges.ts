import { type Cut, findCut, findLastDocumentStart } from './boundary.js';
import type { ByteSource } from './bytes.js';
import { type DocumentKind, UNIT_BYTES } from './unit.js';

/** Bytes looked at for a place to cut. */
const WINDOW_BYTES = 64 << 10;
/** Windows overlap by this much, so that a run of whitespace between two of them is seen. */
const OVERLAP_BYTES = 4 << 10;

/** A range of a file to be worked on by itself. */
export interface TextRange {
  start: number;
  end: number;
  /** Where the document starts that the range begins with or goes on with. */
  documentStart: number;
  /** The bytes, when they cannot be read from the file again. */
  data: Uint8Array | undefined;
  /** Whether the file ends with this range. */
  isLast: boolean;
}

/**
 * Cuts a file into ranges of about 4 MiB: at the first document boundary in the 64 KiB after that, else at the first
 * whitespace, else not at all. Records of .jsonl are never cut. Of a plain file, only the bytes around the cuts are
 * read.
 */
export async function* textRanges(
  source: ByteSource,
  format: 'text' | 'jsonl',
  document: DocumentKind,
): AsyncGenerator<TextRange> {
  let start = 0;
  let documentStart = 0;
  for (;;) {
    const cut = await nextCut(source, start + UNIT_BYTES, format, document);
    const end = cut ? cut.index : await source.end(Number.POSITIVE_INFINITY);
    const next = cut && !cut.endsDocument ? await lastDocumentStart(source, start, end, document) : end;
    if (end > start) yield { start, end, documentStart, data: source.take(start, end), isLast: !cut };
    if (!cut) return;
    documentStart = next ?? documentStart;
    start = end;
  }
}

/** The first good place at or after `target`; `undefined` when the source ends before one. */
async function nextCut(
  source: ByteSource,
  target: number,
  format: 'text' | 'jsonl',
  document: DocumentKind,
): Promise<Cut | undefined> {
  for (let from = target; ; from += WINDOW_BYTES - OVERLAP_BYTES) {
    const window = await source.read(from, from + WINDOW_BYTES);
    const cut = format === 'jsonl' ? afterLine(window) : findCut(window, document);
    if (cut) return { index: from + cut.index, endsDocument: cut.endsDocument };
    if (window.length < WINDOW_BYTES) return undefined;
  }
}

function afterLine(bytes: Uint8Array): Cut | undefined {
  const index = bytes.indexOf(10) + 1;
  return index > 0 && index < bytes.length ? { index, endsDocument: true } : undefined;
}

/** Where the last document starts that begins between `start` and `end`: mostly near the end, so looked for there first. */
async function lastDocumentStart(source: ByteSource, start: number, end: number, document: DocumentKind) {
  if (document === 'file') return undefined;
  for (const from of [Math.max(start, end - 4 * WINDOW_BYTES), start]) {
    const index = findLastDocumentStart(await source.read(from, end + 1), document);
    if (index !== undefined) return from + index;
  }
  return undefined;
}
