import { contentHash, OPENING_BYTES } from '../cut/content-hash.js';
import { type Content, markLength } from '../formats/format.js';
import { type Cut, findCut, findLastDocumentStart, forceCut } from './boundary.js';
import type { ByteSource } from './bytes.js';
import { type DocumentKind, UNIT_BYTES } from './unit.js';

/** How a file is cut; tests take smaller numbers. */
export interface CutSizes {
  /** Bytes of a range before a place to cut is looked for. */
  unit: number;
  /** Bytes looked at for a place to cut. */
  window: number;
  /** Windows overlap by this much, so that a run of whitespace between two of them is seen. */
  overlap: number;
  /** Bytes that are looked through for whitespace; text is then cut between two characters. */
  longestWord: number;
  /** Bytes that are looked through for the end of a record. */
  longestRecord: number;
}

const CUT_SIZES: CutSizes = {
  unit: UNIT_BYTES,
  window: 64 << 10,
  overlap: 4 << 10,
  longestWord: 32 << 20,
  longestRecord: 64 << 20,
};

/** A record is longer than a unit of work may be. */
export class LongRecordError extends Error {
  constructor(
    /** A place inside it, in bytes from the start of the content. */
    readonly offset: number,
    readonly limit: number,
  ) {
    super();
  }
}

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
  /** Where asked for: the hash of the document that the range goes on with. */
  openingHash?: number | undefined;
  /** Likewise, of the range's last document when it goes on in the next range. */
  lastOpeningHash?: number | undefined;
}

/**
 * Cuts a file into ranges of about 4 MiB: at the first document boundary in the 64 KiB after that, else at the first
 * whitespace, and where 32 MiB have none, between two characters. Records of .jsonl are never cut. Of a plain file, only
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
    // A document that goes on is longer than a window, and so than its opening.
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
 * Bytes with plain line ends: a copy, since what is looked at may begin between two carriage returns, which would be taken
 * for one line end, CR LF, once the second of them had become a line feed.
 */
function plain({ plainLineEnds }: Pick<Content, 'plainLineEnds'>, bytes: Uint8Array): Uint8Array {
  if (!plainLineEnds) return bytes;
  const copy = Uint8Array.from(bytes);
  plainLineEnds(copy);
  return copy;
}

/** The first good place at or after `target`; `undefined` when the source ends before one. */
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

/** Where the last document starts that begins between `start` and `end`: mostly near the end, so looked for there first. */
async function lastDocumentStart(
  source: ByteSource,
  start: number,
  end: number,
  content: Pick<Content, 'plainLineEnds'>,
  document: DocumentKind,
  sizes: CutSizes,
): Promise<number | undefined> {
  if (document === 'file') return undefined;
  for (const from of [Math.max(start, end - 4 * sizes.window), start]) {
    const bytes = plain(content, await source.read(from, end + 1));
    const index = findLastDocumentStart(bytes, document);
    if (index !== undefined) return from + index;
  }
  return undefined;
}
