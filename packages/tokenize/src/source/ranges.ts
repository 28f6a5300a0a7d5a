import { contentHash, OPENING_BYTES } from '../cut/content-hash.js';
import { type Content, markLength } from '../formats/format.js';
import { type Cut, findCut, findLastDocumentStart, forceCut } from './boundary.js';
import type { ByteSource } from './bytes.js';
import { type DocumentKind, UNIT_BYTES } from './unit.js';

const CARRIAGE_RETURN = 13;

/** Sizes in bytes that decide where a file is cut; tests use smaller ones. */
export interface CutSizes {
  /** Bytes of a range before the search for a cut begins. */
  unit: number;
  /** Bytes searched at a time. */
  window: number;
  /** Windows overlap by this much, so that a run of whitespace across two of them is found. */
  overlap: number;
  /** Bytes searched for whitespace before text is cut between two characters. */
  longestWord: number;
  /** Bytes searched for the end of a record before it is refused. */
  longestRecord: number;
}

const CUT_SIZES: CutSizes = {
  unit: UNIT_BYTES,
  window: 64 << 10,
  overlap: 4 << 10,
  longestWord: 32 << 20,
  longestRecord: 64 << 20,
};

/** Thrown at a record that is longer than a unit of work may be. */
export class LongRecordError extends Error {
  constructor(
    /** A place inside it, in bytes from the start of the content. */
    readonly offset: number,
    readonly limit: number,
  ) {
    super();
  }
}

/** A range of a file that makes a part of a unit. */
export interface TextRange {
  start: number;
  end: number;
  /** The start of the document that the range begins with or continues. */
  documentStart: number;
  /** The bytes, when they cannot be read from the file again. */
  data: Uint8Array | undefined;
  /** Whether the file ends with this range. */
  isLast: boolean;
  /** The hash of the document that the range continues, if asked for. */
  openingHash?: number | undefined;
  /** The hash of the range's last document, if asked for and if it continues in the next range. */
  lastOpeningHash?: number | undefined;
}

/**
 * Cuts a file into ranges of about 4 MiB: at the first document boundary in the 64 KiB after that, else at the first
 * whitespace, else, if 32 MiB have none, between two characters. Records of .jsonl are never cut. Of a plain file, only
 * the bytes around the cuts are read.
 * @throws LongRecordError at a record of more than 64 MiB
 */
export async function* textRanges(
  source: ByteSource,
  content: Pick<Content, 'cut' | 'plainLineEnds'>,
  document: DocumentKind,
  sizes = CUT_SIZES,
  hashesOpenings = false,
): AsyncGenerator<TextRange> {
  let start = 0;
  let documentStart = 0;
  let openingHash: number | undefined;
  for (;;) {
    const cut = await nextCut(source, start + sizes.unit, content, document, sizes);
    const end = cut ? cut.index : await source.end(Number.POSITIVE_INFINITY);
    const next =
      cut && !cut.endsDocument ? await lastDocumentStart(source, start, end, content, document, sizes) : end;
    let lastOpeningHash: number | undefined;
    // A document that continues is longer than a window, hence than its opening.
    const began = next ?? (openingHash === undefined ? documentStart : undefined);
    if (hashesOpenings && cut && !cut.endsDocument && began !== undefined) {
      const opening = plain(content, await source.read(began, Math.max(end, began + 2 * OPENING_BYTES)));
      lastOpeningHash = contentHash(opening.subarray(began === 0 ? markLength(opening) : 0));
    }
    if (end > start) {
      const data = source.take(start, end);
      yield { start, end, documentStart, data, isLast: !cut, openingHash, lastOpeningHash };
    }
    if (!cut) return;
    openingHash = cut.endsDocument ? undefined : (lastOpeningHash ?? openingHash);
    documentStart = next ?? documentStart;
    start = end;
  }
}

/**
 * The ranges of {@link textRanges} alone, without documents: each seems to begin one. Reads the source from its beginning
 * to its end, around the cuts only.
 * @throws LongRecordError at a record of more than 64 MiB
 */
export async function* textCuts(
  source: ByteSource,
  content: Pick<Content, 'cut' | 'plainLineEnds'>,
  document: DocumentKind,
  sizes = CUT_SIZES,
): AsyncGenerator<TextRange> {
  for (let start = 0; ; ) {
    const cut = await nextCut(source, start + sizes.unit, content, document, sizes);
    const end = cut ? cut.index : await source.end(Number.POSITIVE_INFINITY);
    if (end > start) yield { start, end, documentStart: start, data: undefined, isLast: !cut };
    if (!cut) return;
    start = end;
  }
}

/**
 * The bytes with line feeds for all line ends. A copy, if they have others: a window may begin between two carriage
 * returns, which would read as one line end, CR LF, if the second were made a line feed in place.
 */
function plain({ plainLineEnds }: Pick<Content, 'plainLineEnds'>, bytes: Uint8Array): Uint8Array {
  if (!plainLineEnds || !bytes.includes(CARRIAGE_RETURN)) return bytes;
  const copy = new Uint8Array(bytes);
  plainLineEnds(copy);
  return copy;
}

/** The first cut at or after `target`; `undefined` if the source ends first. */
async function nextCut(
  source: ByteSource,
  target: number,
  content: Pick<Content, 'cut' | 'plainLineEnds'>,
  document: DocumentKind,
  sizes: CutSizes,
): Promise<Cut | undefined> {
  const isRecords = content.cut === 'between lines';
  for (let from = target; ; from += sizes.window - sizes.overlap) {
    const window = plain(content, await source.read(from, from + sizes.window));
    let cut = isRecords ? afterLine(window) : findCut(window, document);
    if (!cut && window.length < sizes.window) return undefined;
    if (!cut && isRecords && from - target >= sizes.longestRecord)
      throw new LongRecordError(target, sizes.longestRecord);
    if (!cut && !isRecords && from - target >= sizes.longestWord) cut = forceCut(window);
    if (cut) return { index: from + cut.index, endsDocument: cut.endsDocument };
  }
}

function afterLine(bytes: Uint8Array): Cut | undefined {
  const index = bytes.indexOf(10) + 1;
  return index > 0 && index < bytes.length ? { index, endsDocument: true } : undefined;
}

/**
 * The start of the last document that begins between `start` and `end`. It is mostly near the end, so ever more before
 * that is searched.
 */
async function lastDocumentStart(
  source: ByteSource,
  start: number,
  end: number,
  content: Pick<Content, 'plainLineEnds'>,
  document: DocumentKind,
  sizes: CutSizes,
): Promise<number | undefined> {
  if (document === 'file') return undefined;
  for (let length = 4 * sizes.window; ; length *= 4) {
    const from = Math.max(start, end - length);
    const bytes = plain(content, await source.read(from, end + 1));
    const index = findLastDocumentStart(bytes, document);
    if (index !== undefined) return from + index;
    if (from === start) return undefined;
  }
}
