import type { ColumnMetaData, SchemaTree } from 'hyparquet';
import type { PageHeader } from 'hyparquet/src/types.js';
import { UNIT_BYTES } from '../source/unit.js';
import type { FileRanges, FileSection, RowSection, StreamSection } from './format.js';
import { LineJoiner } from './lines.js';
import { HeaderMemory, PageMemory } from './page-memory.js';
import {
  ChunkReader,
  chunkOf,
  HEADER_BYTES,
  isFlat,
  type PageRun,
  pagesOf,
  type TextColumn,
} from './parquet-pages.js';
import { type RowPlan, type TextPages, textOptions, textsOf } from './parquet-text.js';

/** Pages are added to a section up to a unit's bytes, unless the last one would take it beyond this. */
const MOST_BYTES = 1.25 * UNIT_BYTES;
/** Larger pages are streamed: by bytes of text, and by values. */
const LARGE_PAGE = 2.5 * UNIT_BYTES;
const MANY_VALUES = 1 << 18;

/** A page, or the first pages of a row group with their dictionary. */
interface Piece {
  run: PageRun;
  /** Ordinal of the row group. */
  group: number;
  /** Bytes of text, as far as headers tell; `undefined` if they do not, or if it must be streamed. */
  bytes: number | undefined;
  /** Where it begins and ends in the file, as if the file held nothing but the column. */
  from: number;
  to: number;
}

/**
 * Divides a Parquet file by its footer and page headers into sections of whole pages, with about as much text as a unit.
 * Pages that may hold far more are streamed: large ones, those whose dictionary repeats texts, and those in which a text
 * is told by its difference from another. So is a file that has no more text than a unit.
 * @param linesOf - the text of the whole file, for columns that are not plain text
 */
export async function* dividedRows(
  input: FileRanges,
  table: TextColumn,
  linesOf: () => AsyncIterable<Uint8Array>,
): AsyncGenerator<FileSection> {
  if (!isFlat(table.schemaPath) || !isText(table)) {
    yield { from: 0, chunks: linesOf(), isLast: () => true };
    return;
  }
  const plan = { field: table.field, schemaPath: table.schemaPath.map(withoutSiblings) };
  const pieces = new Ahead(piecesOf(input, table.groups));
  for (let isFirst = true; (await pieces.peek()) !== undefined; isFirst = false) {
    const taken = await takeSection(pieces);
    const bytes = taken.reduce((sum, piece) => sum + piece.bytes!, 0);
    const isSmall = isFirst && bytes <= UNIT_BYTES && (await pieces.peek())?.bytes === undefined;
    if (taken.length > 0 && !isSmall) yield rowSection(taken, bytes, plan);
    else yield await streamSection(input, taken, pieces, plan);
  }
}

/** The next pieces that make a section; none if the next one must be streamed. */
async function takeSection(pieces: Ahead<Piece>): Promise<Piece[]> {
  const taken: Piece[] = [];
  for (let bytes = 0; ; ) {
    const piece = await pieces.peek();
    if (piece?.bytes === undefined) return taken;
    if (taken.length > 0 && (bytes >= UNIT_BYTES || bytes + piece.bytes > MOST_BYTES)) return taken;
    taken.push(piece);
    bytes += piece.bytes;
    pieces.take();
  }
}

function rowSection(pieces: readonly Piece[], bytes: number, column: TextPages): RowSection {
  const runs: PageRun[] = [];
  for (const [i, { run, group }] of pieces.entries()) {
    const last = runs.at(-1);
    if (last && group === pieces[i - 1]!.group && last.end === run.start) {
      last.end = run.end;
      last.rows += run.rows;
    } else runs.push({ ...run });
  }
  const rows = runs.reduce((sum, run) => sum + run.rows, 0);
  // Only a single page can have more: it is decoded once, and its text read in several parts.
  const count = Math.max(1, Math.ceil(bytes / MOST_BYTES));
  const parts = Array.from({ length: count }, (_, i) => {
    const [from, to] = [Math.floor((rows * i) / count), Math.floor((rows * (i + 1)) / count)];
    const plan: RowPlan = { ...column, runs, from, to };
    return { rows: to - from, bytes: Math.ceil(bytes / count), plan };
  });
  return { from: pieces[0]!.from, to: pieces.at(-1)!.to, parts };
}

/** The text of some pieces, and of all that follow up to the next one that a thread can read. */
async function streamSection(
  input: FileRanges,
  taken: readonly Piece[],
  pieces: Ahead<Piece>,
  { field, schemaPath }: TextPages,
): Promise<StreamSection> {
  const following = async function* () {
    yield* taken;
    for (let piece = await pieces.peek(); piece && piece.bytes === undefined; piece = await pieces.peek()) {
      yield piece;
      pieces.take();
    }
  };
  const chunks = async function* () {
    const joiner = new LineJoiner();
    const memory = PageMemory.borrow();
    try {
      for await (const { run } of following()) {
        const options = await textOptions(schemaPath, run.codec, memory);
        for await (const page of pagesOf(input, run, options))
          yield joiner.join(textsOf(page, input.file, field));
      }
    } finally {
      memory.giveBack();
    }
  };
  const { from } = (taken[0] ?? (await pieces.peek()))!;
  return { from, chunks: chunks(), isLast: () => pieces.isDone };
}

/** The pages of all row groups. */
async function* piecesOf(input: FileRanges, groups: TextColumn['groups']): AsyncGenerator<Piece> {
  const { size } = input.file;
  const chunks = groups.map(({ column, rows }) => chunkOf(column, rows, input.file));
  const total = chunks.reduce((sum, { start, end }) => sum + end - start, 0);
  let before = 0;
  for (const [group, chunk] of chunks.entries()) {
    const placeOf = (byte: number) => Math.floor((size * (before + byte - chunk.start)) / total);
    for await (const { run, bytes } of groupPieces(input, groups[group]!.column, chunk))
      yield { run, group, bytes, from: placeOf(run.start), to: placeOf(run.end) };
    before += chunk.end - chunk.start;
  }
}

/** The pages of a row group; those at its beginning that refer to its dictionary are one piece. */
async function* groupPieces(
  input: FileRanges,
  column: ColumnMetaData,
  chunk: PageRun,
): AsyncGenerator<Pick<Piece, 'run' | 'bytes'>> {
  const reader = new ChunkReader(input, chunk.start, chunk.end, new HeaderMemory(), HEADER_BYTES);
  let dictionary: { place: number; entries: number; bytes: number } | undefined;
  let coded: { run: PageRun; texts: number } | undefined;
  const takeCoded = (isAll: boolean) => {
    const { run, texts } = coded!;
    coded = undefined;
    const known = isAll ? column.size_statistics?.unencoded_byte_array_data_bytes : undefined;
    const isEach = texts <= dictionary!.entries;
    const bytes = known !== undefined ? Number(known) + texts : isEach ? dictionary!.bytes : undefined;
    return { run, bytes: limited(bytes, run.rows) };
  };
  let isBeginning = true;
  for (let left = chunk.rows; left > 0; ) {
    const start = reader.place;
    const header = await reader.header();
    reader.skip(header.compressed_page_size);
    const bytes = Math.max(header.compressed_page_size, header.uncompressed_page_size);
    if (header.type === 'DICTIONARY_PAGE') {
      dictionary = { place: start, entries: header.dictionary_page_header?.num_values ?? 0, bytes };
      continue;
    }
    const { rows, texts, encoding } = valuesIn(header);
    left -= rows;
    if (left < 0) throw new Error('a row group has more values than rows');
    const isCoded = encoding.endsWith('_DICTIONARY');
    const run = { start, end: reader.place, rows, codec: chunk.codec };
    if (isCoded && dictionary && isBeginning) {
      coded ??= { run: { ...run, start: dictionary.place, rows: 0 }, texts: 0 };
      coded.run.end = run.end;
      coded.run.rows += rows;
      coded.texts += texts;
      continue;
    }
    isBeginning = false;
    if (coded) yield takeCoded(false);
    if (isCoded && dictionary) yield { run: { ...run, dictionary: dictionary.place }, bytes: undefined };
    else if (encoding === 'PLAIN') yield { run, bytes: limited(bytes - 3 * rows, rows) };
    else if (encoding === 'DELTA_LENGTH_BYTE_ARRAY') yield { run, bytes: limited(bytes + rows, rows) };
    else yield { run, bytes: undefined };
  }
  if (coded) yield takeCoded(true);
}

/** What the header of a data page says about its values. */
function valuesIn({ data_page_header_v2: second, data_page_header: first }: PageHeader): {
  rows: number;
  /** Those that are not null, as far as it is known. */
  texts: number;
  encoding: string;
} {
  const page = second ?? first;
  if (!page || !(page.num_values >= 0)) throw new Error('a page does not say how many values it has');
  const nulls = second ? second.num_nulls : Number(page.statistics?.null_count ?? 0);
  return { rows: page.num_values, texts: page.num_values - nulls, encoding: String(page.encoding) };
}

/** Bytes of text, if a thread can hold them. */
function limited(bytes: number | undefined, rows: number): number | undefined {
  if (bytes === undefined || !(bytes <= LARGE_PAGE) || rows > MANY_VALUES) return undefined;
  return Math.max(0, bytes);
}

/** Whether a column holds UTF-8, which hyparquet also takes bytes for whose type is not told. */
function isText({ schemaPath }: TextColumn): boolean {
  const { type, converted_type, logical_type } = schemaPath.at(-1)!.element;
  return (
    type === 'BYTE_ARRAY' &&
    (converted_type === undefined || converted_type === 'UTF8') &&
    (logical_type === undefined || logical_type.type === 'STRING')
  );
}

function withoutSiblings({ element, path }: SchemaTree): SchemaTree {
  return { element, path, children: [], count: 0 };
}

/** An iterator whose next element can be looked at. */
class Ahead<T> {
  private next: Promise<IteratorResult<T, unknown>> | undefined;
  /** Whether the end has been seen. */
  isDone = false;

  constructor(private readonly iterator: AsyncIterator<T>) {}

  /** The next element; `undefined` at the end. */
  async peek(): Promise<T | undefined> {
    this.next ??= this.iterator.next();
    const { done, value } = await this.next;
    this.isDone = done === true;
    return done ? undefined : value;
  }

  take(): void {
    this.next = undefined;
  }
}
