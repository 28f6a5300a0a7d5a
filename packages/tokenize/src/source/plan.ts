import { InputError, mention, say } from '@mlm/base/errors';
import { type Given, settingsOf } from '@mlm/base/options';
import { dropDuplicates } from '../dedup/drop-duplicates.js';
import type { Content, Format, InputFile, InputReader } from '../formats/format.js';
import { formatOf, recognise } from '../formats/index.js';
import { dedupOptions, readDefaults, type readOptions } from '../options.js';
import type { Share } from '../preprocess/share.js';
import { type ByteSource, fileBytes, streamBytes } from './bytes.js';
import type { InputFiles } from './list.js';
import { LongRecordError, type TextRange, textRanges } from './ranges.js';
import { openReader } from './reader.js';
import { UNIT_BYTES, type Unit, type UnitPart } from './unit.js';

/** How input is divided into documents and work units. */
export interface PlanOptions extends Given<typeof readOptions>, Given<typeof dedupOptions> {
  /** Whether `dedup` compares lines, as for rows of one line each, instead of documents. Default: false. */
  lineByLine?: boolean | undefined;
  /** With `content`, parts carry hashes of documents that span several of them. Default: `place`. */
  splitBy?: 'place' | 'content' | undefined;
  /** Leave out the units before this one, which an interrupted run has finished. Default: 0. */
  firstUnit?: number;
  /**
   * Where the unit before `firstUnit` ended: the number of files used, and the end in the last of them. Default: not
   * checked.
   */
  lastFinished?: { files: number; end: number } | undefined;
  /** Whether to accept an input without any text. Default: false. */
  allowsEmpty?: boolean | undefined;
  /** Process only one of several even shares of the input. Default: all of it. */
  share?: Share;
}

/** Divides the input into numbered work units. */
export async function* planUnits(input: InputFiles, options: PlanOptions = {}): AsyncGenerator<Unit> {
  const { firstUnit = 0, share = { rank: 0, worldSize: 1 } } = options;
  if (share.worldSize > 1 && input.files.some(isStreamed))
    throw new InputError(
      'standard input and pipes cannot be shared among several processes; give files instead',
    );
  const { from, to } = bytesOfShare(input, share);
  const needs = (ordinal: number, position: number) =>
    position >= from && ordinal + 1 >= (options.lastFinished?.files ?? 0);
  const end = share.rank + 1 === share.worldSize ? Number.POSITIVE_INFINITY : to;
  let number = 0;
  let isEmpty = true;
  for await (const { position, ...unit } of differentUnits(input.files, options, needs)) {
    if (position >= end) break;
    if (position >= from && number >= firstUnit) {
      yield { number, ...unit };
      isEmpty = false;
    }
    if (number === firstUnit - 1 && options.lastFinished) refuseOtherCut(unit.parts, options.lastFinished);
    number++;
  }
  if (!isEmpty || firstUnit > 0) return;
  if (share.worldSize === 1 && options.allowsEmpty !== true)
    throw new InputError(`${input.files[0]?.path ?? 'input'}: no text: the input is empty`);
  // A share or stream without units still gives one without parts, so that no part is missing in the merge.
  yield { number: Math.max(0, number - 1), parts: [], inputBytes: 0 };
}

/**
 * Small files share a unit: if one of them shrank or is gone, another may now belong to a unit that is already
 * finished.
 */
function refuseOtherCut(parts: readonly UnitPart[], { files, end }: { files: number; end: number }): void {
  const last = parts.at(-1);
  if (last && last.file + 1 === files && last.end === end) return;
  throw new InputError(
    say`cannot resume: the inputs changed so that the last finished unit of work would end elsewhere (${last?.path ?? 'no file'}); use the same inputs, or ${mention('overwrite')}`,
  );
}

/** The range of the input, in bytes on disk, in which the units of a share begin. */
export function bytesOfShare(
  { bytes }: InputFiles,
  { rank, worldSize }: Share,
): { from: number; to: number } {
  return { from: (bytes * rank) / worldSize, to: (bytes * (rank + 1)) / worldSize };
}

/** A unit, and where in the input (in bytes on disk) it begins. */
type PlacedUnit = Omit<Unit, 'number'> & { position: number };

interface PlacedPart {
  part: UnitPart;
  /** Where it begins in the input, in bytes on disk; of a stream or compressed file, where the file begins. */
  position: number;
  /** Bytes of the input on disk that had been read at its end. */
  inputEnd: number;
  /** Whether it is a whole file, so that it may share a unit with others. */
  isWhole: boolean;
}

/**
 * Whether any unit of a file is wanted, by the file's ordinal and its start in the input. Other files are read only to
 * count their units, which are numbered over the whole input.
 */
type NeedsFile = (ordinal: number, position: number) => boolean;

/** The units, in which `dedup` marks repeated documents. */
function differentUnits(
  files: InputFile[],
  options: PlanOptions,
  needs: NeedsFile,
): AsyncGenerator<PlacedUnit> {
  const { dedup, dedupMemory } = settingsOf(dedupOptions, options);
  if (dedup === undefined) return allUnits(files, options, needs);
  const units = allUnits(files, options, () => true);
  const { textField = readDefaults.textField, onBadRecord, lineByLine = false } = options;
  const skipsBadRecords = onBadRecord === 'skip';
  return dropDuplicates(units, { textField, skipsBadRecords, lineByLine, memory: dedupMemory });
}

/** Units of several small files each, or of one range of a larger file. */
async function* allUnits(
  files: InputFile[],
  options: PlanOptions,
  needs: NeedsFile,
): AsyncGenerator<PlacedUnit> {
  let group: PlacedUnit = { parts: [], position: 0, inputBytes: 0 };
  for await (const placed of allParts(files, options, needs))
    for (const { part, position, inputEnd, isWhole } of placed) {
      const bytes = part.end - part.start;
      if (group.parts.length > 0 && (!isWhole || group.inputBytes + bytes > UNIT_BYTES)) {
        yield group;
        group = { parts: [], position, inputBytes: 0 };
      }
      if (!isWhole) {
        yield { parts: [part], position, inputBytes: bytes, inputEnd };
        continue;
      }
      if (group.parts.length === 0) group.position = position;
      group.parts.push(part);
      group.inputBytes += bytes;
      group.inputEnd = inputEnd;
    }
  if (group.parts.length > 0) yield group;
}

/** The parts in order; of small files that follow each other, several at a time, which saves waiting for each. */
async function* allParts(
  files: InputFile[],
  options: PlanOptions,
  needs: NeedsFile,
): AsyncGenerator<PlacedPart[]> {
  let position = 0;
  let small: PlacedPart[] = [];
  for (const [ordinal, file] of files.entries()) {
    const format = formatOf(file.format);
    const inputEnd = position + file.size;
    const isRead = isStreamed(file) || file.stored || file.compression !== 'none' || format.open;
    if (isRead || file.size > UNIT_BYTES || small.length === SMALL_PARTS) {
      yield small;
      small = [];
    }
    if (isRead) yield* streamedParts(file, ordinal, position, options, needs(ordinal, position));
    else if (file.size > UNIT_BYTES) yield* rangeParts(file, format.content, ordinal, position, options);
    else if (file.size > 0) {
      const range = { start: 0, end: file.size, documentStart: 0, data: undefined };
      const part = partOf(file, ordinal, format.content, range, options);
      small.push({ part, position, inputEnd, isWhole: true });
    }
    position = inputEnd;
  }
  yield small;
}

/** Most small files at a time. */
const SMALL_PARTS = 64;

/** Ranges of a large file, which workers read themselves. */
async function* rangeParts(
  file: InputFile,
  content: Content,
  ordinal: number,
  position: number,
  options: PlanOptions,
): AsyncGenerator<PlacedPart[]> {
  const source = fileBytes(file);
  try {
    for await (const range of rangesOf(file, source, content, options)) {
      const part = partOf(file, ordinal, content, range, options);
      const { start, end } = range;
      yield [{ part, position: position + start, inputEnd: position + end, isWhole: false }];
    }
  } finally {
    source.close();
  }
}

/**
 * Parts of what must be read from its beginning: compressed files, columns, standard input.
 * @param keeps - whether parts carry their bytes; if not, they are only counted
 */
async function* streamedParts(
  file: InputFile,
  ordinal: number,
  position: number,
  options: PlanOptions,
  keeps: boolean,
): AsyncGenerator<PlacedPart[]> {
  const reader = openReader(file);
  try {
    const { format, chunks } = await openContent(reader, options.textField ?? readDefaults.textField);
    const { content } = format;
    const source = streamBytes(chunks, keeps);
    let linesBefore = 0;
    try {
      for await (const range of rangesOf(file, source, content, options)) {
        const part: UnitPart = { ...partOf(file, ordinal, content, range, options), linesBefore };
        if (format.countsRecords) part.countsRecords = true;
        if (content.name === 'jsonl' && range.data) linesBefore += countLines(range.data);
        const isWhole = range.start === 0 && range.isLast;
        yield [{ part, position, inputEnd: position + reader.bytesRead, isWhole }];
      }
    } finally {
      source.close();
    }
  } finally {
    await reader.close();
  }
}

async function* rangesOf(file: InputFile, source: ByteSource, content: Content, options: PlanOptions) {
  try {
    const document = content.isRecords ? 'line' : (options.document ?? readDefaults.document);
    yield* textRanges(source, content, document, undefined, options.splitBy === 'content');
  } catch (error) {
    if (!(error instanceof LongRecordError)) throw error;
    throw new InputError(
      `${file.path}: the record at byte ${error.offset} is longer than ${error.limit >> 20} MiB; split it or leave it out`,
    );
  }
}

/** A file's format and content; the format of an input without a name is recognised by its first bytes. */
async function openContent(
  reader: InputReader,
  field: string,
): Promise<{ format: Format; chunks: AsyncIterable<Uint8Array> }> {
  const { file } = reader;
  const isUnnamed = isStreamed(file) && file.isAsked !== true;
  const recognised = isUnnamed ? recognise(await reader.head(HEAD_BYTES)) : undefined;
  // Text that looks like records is refused by the worker, as that of a file is.
  const format = recognised?.content.isRaw === false ? recognised : formatOf(file.format);
  return { format, chunks: format.open?.(reader, field) ?? reader.chunks() };
}

/** Bytes by which an input is recognised. */
const HEAD_BYTES = 4096;

function partOf(
  file: InputFile,
  ordinal: number,
  content: Content,
  { start, end, documentStart, data, openingHash, lastOpeningHash }: Omit<TextRange, 'isLast'>,
  options: PlanOptions,
): UnitPart {
  const document = content.name === 'lines' ? 'line' : (options.document ?? readDefaults.document);
  const part: UnitPart = {
    file: ordinal,
    path: file.path,
    format: content.name,
    document,
    start,
    end,
    documentStart,
  };
  // Parts are sent to threads, so there may be many small ones: what is not set takes no room.
  if (file.isAsked) part.isAsked = true;
  if (openingHash !== undefined) part.openingHash = openingHash;
  if (lastOpeningHash !== undefined) part.lastOpeningHash = lastOpeningHash;
  if (data) {
    part.data = data;
    return part;
  }
  const { size, modified, changed, inode } = file;
  part.state = { size, modified, changed, inode };
  return part;
}

function isStreamed(file: InputFile): boolean {
  return file.path === '-' || file.isStream === true;
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let i = bytes.indexOf(10); i >= 0; i = bytes.indexOf(10, i + 1)) lines++;
  return lines;
}
