import { InputError } from '@mlm/base/errors';
import type { Share } from '../preprocess/share.js';
import { type ByteSource, fileBytes, streamBytes } from './bytes.js';
import { arrowLines, columnLines } from './columns.js';
import { contentChunks } from './decompress.js';
import type { InputFile, InputFiles } from './list.js';
import { textRanges } from './ranges.js';
import { type DocumentKind, UNIT_BYTES, type Unit, type UnitPart } from './unit.js';

/** How input is divided into documents and work units. */
export interface PlanOptions {
  /** Where a document ends in plain text. Default: at a blank line. Records of other formats are documents. */
  document?: DocumentKind;
  /** Field of .jsonl records, or column, that holds the text. Default: `text`. */
  textField?: string;
  /** Leave out the units before this one, which an interrupted run has finished. Default: 0. */
  firstUnit?: number;
  /** Do only one of several even shares of the input. Default: all of it. */
  share?: Share;
}

/** Divides the input into numbered work units. */
export async function* planUnits(input: InputFiles, options: PlanOptions = {}): AsyncGenerator<Unit> {
  const { firstUnit = 0, share = { rank: 0, worldSize: 1 } } = options;
  if (share.worldSize > 1 && input.files.some(isStreamed))
    throw new InputError(
      'standard input and pipes cannot be shared among several processes; give files instead',
    );
  const from = (input.bytes * share.rank) / share.worldSize;
  const to =
    share.rank + 1 === share.worldSize
      ? Number.POSITIVE_INFINITY
      : (input.bytes * (share.rank + 1)) / share.worldSize;
  let number = 0;
  let isEmpty = true;
  for await (const { position, ...unit } of allUnits(input.files, options)) {
    if (position >= to) break;
    if (position >= from && number >= firstUnit) {
      yield { number, ...unit };
      isEmpty = false;
    }
    number++;
  }
  if (!isEmpty || firstUnit > 0) return;
  if (share.worldSize === 1)
    throw new InputError(`${input.files[0]?.path ?? 'input'}: no text: the input is empty`);
  // A share without any unit of its own still makes a part, so that none is missing when they are joined.
  yield { number: Math.max(0, number - 1), parts: [], inputBytes: 0 };
}

/** A unit, and where in the input (in bytes on disk) it begins. */
type PlacedUnit = Omit<Unit, 'number'> & { position: number };

interface PlacedPart {
  part: UnitPart;
  position: number;
  inputBytes: number;
  /** Whether it is a whole file, so that it may share a unit with others. */
  isWhole: boolean;
}

/** Whole small files together, ranges of larger ones each by itself. */
async function* allUnits(files: InputFile[], options: PlanOptions): AsyncGenerator<PlacedUnit> {
  let group: PlacedUnit = { parts: [], position: 0, inputBytes: 0 };
  let groupBytes = 0;
  for await (const { part, position, inputBytes, isWhole } of allParts(files, options)) {
    const bytes = part.end - part.start;
    if (group.parts.length > 0 && (!isWhole || groupBytes + bytes > UNIT_BYTES)) {
      yield group;
      group = { parts: [], position, inputBytes: 0 };
      groupBytes = 0;
    }
    if (!isWhole) {
      yield { parts: [part], position, inputBytes };
      continue;
    }
    if (group.parts.length === 0) group.position = position;
    group.parts.push(part);
    group.inputBytes += inputBytes;
    groupBytes += bytes;
  }
  if (group.parts.length > 0) yield group;
}

async function* allParts(files: InputFile[], options: PlanOptions): AsyncGenerator<PlacedPart> {
  let position = 0;
  for (const [ordinal, file] of files.entries()) {
    const isPlain = file.compression === 'none' && !isStreamed(file) && !isColumnar(file);
    if (!isPlain) yield* streamedParts(file, ordinal, position, options);
    else if (file.size > UNIT_BYTES) yield* rangeParts(file, ordinal, position, options);
    else if (file.size > 0) {
      const part = partOf(file, ordinal, options, { start: 0, end: file.size, documentStart: 0 });
      yield { part, position, inputBytes: file.size, isWhole: true };
    }
    position += file.size;
  }
}

/** Ranges of a large file, which whoever works on them reads himself. */
async function* rangeParts(
  file: InputFile,
  ordinal: number,
  position: number,
  options: PlanOptions,
): AsyncGenerator<PlacedPart> {
  const source = fileBytes(file);
  try {
    for await (const range of textRanges(source, textFormat(file), options.document ?? 'blank-line')) {
      const part = partOf(file, ordinal, options, range);
      yield { part, position: position + range.start, inputBytes: range.end - range.start, isWhole: false };
    }
  } finally {
    source.close();
  }
}

/** Parts of what must be read from its beginning on: compressed files, columns, standard input. */
async function* streamedParts(
  file: InputFile,
  ordinal: number,
  position: number,
  options: PlanOptions,
): AsyncGenerator<PlacedPart> {
  let diskBytes = 0;
  let reported = 0;
  const content = await openContent(file, options.textField ?? 'text', (bytes) => {
    diskBytes += bytes;
  });
  const source: ByteSource = streamBytes(content.chunks);
  const document = content.isColumn ? 'line' : (options.document ?? 'blank-line');
  let linesBefore = 0;
  try {
    for await (const range of textRanges(source, textFormat(file), document)) {
      const part: UnitPart = { ...partOf(file, ordinal, options, range), document, linesBefore };
      if (range.data) part.data = range.data;
      if (part.format === 'jsonl') linesBefore += countLines(range.data!);
      yield { part, position, inputBytes: diskBytes - reported, isWhole: range.start === 0 && range.isLast };
      reported = diskBytes;
    }
  } finally {
    source.close();
  }
}

/** What a file holds as bytes of text; a column's records are lines. */
async function openContent(file: InputFile, textField: string, onRead: (bytes: number) => void) {
  if (isColumnar(file)) return { chunks: columnLines(file, textField, onRead), isColumn: true };
  const chunks = contentChunks(file, onRead);
  if (!isStreamed(file)) return { chunks, isColumn: false };
  const first = await chunks.next();
  const all = (async function* () {
    if (!first.done) yield first.value;
    yield* chunks;
  })();
  // An Arrow stream begins with the marker of its schema message, which no text can: it is not UTF-8.
  const isArrow = !first.done && Buffer.from(first.value).subarray(0, 4).equals(ARROW_STREAM);
  return { chunks: isArrow ? arrowLines(file, textField, all) : all, isColumn: isArrow };
}

const ARROW_STREAM = Buffer.from([0xff, 0xff, 0xff, 0xff]);

function partOf(
  file: InputFile,
  ordinal: number,
  options: PlanOptions,
  { start, end, documentStart }: { start: number; end: number; documentStart: number },
): UnitPart {
  const document = options.document ?? 'blank-line';
  return { file: ordinal, path: file.path, format: textFormat(file), document, start, end, documentStart };
}

function isStreamed(file: InputFile): boolean {
  return file.path === '-' || file.isStream === true;
}

function isColumnar(file: InputFile): boolean {
  return file.format === 'parquet' || file.format === 'arrow';
}

function textFormat(file: InputFile): 'text' | 'jsonl' {
  return file.format === 'jsonl' ? 'jsonl' : 'text';
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let i = bytes.indexOf(10); i >= 0; i = bytes.indexOf(10, i + 1)) lines++;
  return lines;
}
