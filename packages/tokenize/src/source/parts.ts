import { InputError } from '@mlm/base/errors';
import type { Given } from '@mlm/base/options';
import type { Content, Format, InputFile, InputReader } from '../formats/format.js';
import { formatOf, recognise } from '../formats/index.js';
import { readDefaults, type readOptions } from '../options.js';
import { type ByteSource, fileBytes, passedBytes, streamBytes } from './bytes.js';
import type { Files } from './file-list.js';
import { named, PROBE_BYTES, refuseBinary } from './foreign.js';
import { LongRecordError, type TextRange, textCuts, textRanges } from './ranges.js';
import { openReader } from './reader.js';
import type { UnitPart } from './unit.js';
import { giveBackRoom } from './unit-memory.js';

/** How files are divided into parts. */
export interface PartOptions extends Pick<Given<typeof readOptions>, 'document' | 'textField'> {
  /** With `content`, parts carry hashes of documents that span several of them. Default: `place`. */
  splitBy?: 'place' | 'content' | undefined;
}

/** A file of the input, and where in it: its ordinal, and the bytes on disk before it. */
export interface PlacedFile {
  file: InputFile;
  ordinal: number;
  position: number;
}

/** The files of an input, each with its place. */
export function* placedFiles(files: Files): Generator<PlacedFile> {
  let ordinal = 0;
  let position = 0;
  for (const file of files) {
    yield { file, ordinal, position };
    ordinal++;
    position += file.size;
  }
}

/** Parts that follow one another in a unit, mostly one, and where in the input they are. */
export interface PlacedParts {
  parts: UnitPart[];
  /** Where they begin in the input, in bytes on disk; of a stream or compressed file, where the file begins. */
  position: number;
  /** Bytes of the input on disk that had been read at their end. */
  inputEnd: number;
  /** Whether they are a whole file, so that it may share a unit with others. */
  isWhole: boolean;
}

/** A small file of plain text, which a worker reads itself. */
export function wholePart(placed: PlacedFile, content: Content, options: PartOptions): PlacedParts {
  const { file, position } = placed;
  const range = { start: 0, end: file.size, documentStart: 0, data: undefined };
  const part = partOf(placed, content, range, options);
  return { parts: [part], position, inputEnd: position + file.size, isWhole: true };
}

/** Ranges of a large file of plain text, which workers read themselves. */
export async function* rangeParts(
  placed: PlacedFile,
  content: Content,
  options: PartOptions,
): AsyncGenerator<PlacedParts[]> {
  const { file, position } = placed;
  const source = fileBytes(file);
  try {
    for await (const range of rangesOf(file, source, content, options, textRanges)) {
      const part = partOf(placed, content, range, options);
      const { start, end } = range;
      yield [{ parts: [part], position: position + start, inputEnd: position + end, isWhole: false }];
    }
  } finally {
    source.close();
  }
}

/**
 * Parts of what must be read from its beginning: compressed files, columns, standard input.
 * @param wantedFrom - where in the content the first part may begin that carries its bytes. Those before it are only
 * counted, and with `Infinity` little more is done than to decompress the file
 */
export async function* streamedParts(
  placed: PlacedFile,
  options: PartOptions,
  wantedFrom: number,
): AsyncGenerator<PlacedParts[]> {
  const { file, position } = placed;
  const reader = openReader(file);
  try {
    const { format, chunks } = await openContent(reader, options.textField ?? readDefaults.textField);
    for await (const { part, isLast } of chunkParts(placed, format, chunks, options, wantedFrom)) {
      const isWhole = part.start === 0 && isLast;
      yield [{ parts: [part], position, inputEnd: position + reader.bytesRead, isWhole }];
    }
  } finally {
    await reader.close();
  }
}

/**
 * Parts of content that arrives in chunks.
 * @param wantedFrom - as for {@link streamedParts}
 */
export async function* chunkParts(
  placed: PlacedFile,
  format: Format,
  chunks: AsyncIterable<Uint8Array>,
  options: PartOptions,
  wantedFrom: number,
): AsyncGenerator<{ part: UnitPart; isLast: boolean }> {
  const { content } = format;
  const isCounted = wantedFrom === Number.POSITIVE_INFINITY;
  const source = isCounted ? passedBytes(chunks) : streamBytes(chunks);
  let linesBefore = 0;
  try {
    const cut = isCounted ? textCuts : textRanges;
    for await (const range of rangesOf(placed.file, source, content, options, cut)) {
      const part: UnitPart = { ...partOf(placed, content, range, options), linesBefore };
      if (format.countsRecords) part.countsRecords = true;
      if (content.name === 'jsonl' && range.data) linesBefore += countLines(range.data);
      if (part.data && range.start < wantedFrom) {
        giveBackRoom(part.data);
        delete part.data;
      }
      yield { part, isLast: range.isLast };
    }
  } finally {
    source.close();
  }
}

async function* rangesOf(
  file: InputFile,
  source: ByteSource,
  content: Content,
  options: PartOptions,
  cut: typeof textRanges,
): AsyncGenerator<TextRange> {
  try {
    const document = content.isRecords ? 'line' : (options.document ?? readDefaults.document);
    yield* cut(source, content, document, undefined, options.splitBy === 'content');
  } catch (error) {
    if (!(error instanceof LongRecordError)) throw error;
    throw new InputError(
      `${named(file.path)}: the record at byte ${error.offset} is longer than ${error.limit >> 20} MiB; split it or leave it out`,
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
  // The worker sees what these formats make of the file, not its own bytes.
  if (format.open && format.content.isRaw) refuseBinary(await reader.head(PROBE_BYTES), file.path);
  return { format, chunks: format.open?.(reader, field) ?? reader.chunks() };
}

/** Bytes by which an input is recognised. */
const HEAD_BYTES = 4096;

/** The part that a range of a file makes. */
export function partOf(
  { file, ordinal }: PlacedFile,
  content: Content,
  { start, end, documentStart, data, openingHash, lastOpeningHash }: Omit<TextRange, 'isLast'>,
  options: Pick<PartOptions, 'document'>,
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

/** Whether a file can be read only once, from its beginning. */
export function isStreamed(file: InputFile): boolean {
  return file.path === '-' || file.isStream === true;
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let i = bytes.indexOf(10); i >= 0; i = bytes.indexOf(10, i + 1)) lines++;
  return lines;
}
