import { crc32 } from 'node:zlib';
import type { ColumnMetaData, Compressors, DecodedArray, FileMetaData, SchemaTree } from 'hyparquet';
import type { PageHeader } from 'hyparquet/src/types.js';
import type { FileState, RowSource } from './format.js';
import type { PageMemory, ReadMemory } from './page-memory.js';
import type { Decompressor } from './zstd.js';

/** Bytes read at a time. */
const READ_BYTES = 1 << 20;
/** Largest page, compressed or not. */
export const MAX_PAGE = 256 << 20;
/** Room for most page headers, and for the largest. */
export const HEADER_BYTES = 16 << 10;
const MAX_HEADER = 16 << 20;

/** The column of text in a Parquet file. */
export interface TextColumn {
  field: string;
  /** From the schema's root to the column. */
  schemaPath: SchemaTree[];
  metadata: FileMetaData;
  groups: { column: ColumnMetaData; rows: number }[];
}

/** Pages of a column that follow one another in a row group. */
export interface PageRun {
  /** Where in the file the first one begins. */
  start: number;
  /** Where the last one ends, or a place after it. */
  end: number;
  /** Rows of all of them. */
  rows: number;
  codec: ColumnMetaData['codec'];
  /** Where their dictionary begins, if they refer to one that is not the first page. */
  dictionary?: number;
}

/** How to decode the values of a column. */
export interface PageOptions {
  /** From the schema's root to the column. */
  schemaPath: SchemaTree[];
  /** Default: pages are not compressed. */
  decompressor: Decompressor | undefined;
  /** Converts the bytes of a text. */
  textFromBytes(bytes: Uint8Array): unknown;
  /** Where pages are read into. */
  memory: PageMemory;
}

/** Whether each row has one value of a column, or none: it is neither inside another nor a list. */
export function isFlat([, column, ...inner]: SchemaTree[]): boolean {
  return inner.length === 0 && column?.children.length === 0 && column.element.repetition_type !== 'REPEATED';
}

/**
 * All pages of a column in a row group.
 * @throws Error if they lie outside the file
 */
export function chunkOf(column: ColumnMetaData, rows: number, { size }: Pick<FileState, 'size'>): PageRun {
  const start = Number(column.dictionary_page_offset || column.data_page_offset);
  const end = start + Number(column.total_compressed_size);
  if (!(start >= 0 && end >= start && end <= size)) throw new Error('a column lies outside the file');
  return { start, end, rows, codec: column.codec };
}

/**
 * The values of a flat column, a page at a time, so that memory is bounded by the pages, however large the row group is.
 * They are valid until the next page is asked for.
 * @throws Error if a page is damaged, or there are fewer or more values than rows
 */
export async function* pagesOf(
  source: RowSource,
  run: PageRun,
  { schemaPath, decompressor, textFromBytes, memory }: PageOptions,
): AsyncGenerator<DecodedArray> {
  const [{ readPage }, { convert, DEFAULT_PARSERS }] = await Promise.all([
    import('hyparquet/src/column.js'),
    import('hyparquet/src/convert.js'),
  ]);
  const { element, path } = schemaPath.at(-1)!;
  let isDictionary = false;
  const decoder = {
    pathInSchema: path,
    schemaPath,
    element,
    type: element.type!,
    codec: run.codec,
    compressors: compressorsOf(run.codec, decompressor, memory, () => isDictionary),
    parsers: { ...DEFAULT_PARSERS, stringFromBytes: textFromBytes },
  };
  let dictionary: DecodedArray | undefined;
  const valuesOf = async (chunk: ChunkReader): Promise<DecodedArray | undefined> => {
    const header = await chunk.header();
    const bytes = await chunk.take(header.compressed_page_size);
    refuseOtherThan(header, bytes);
    isDictionary = header.type === 'DICTIONARY_PAGE';
    memory.freePage();
    const page = decompressor ? bytes : memory.hold(bytes, true, isDictionary);
    const reader = { view: new DataView(page.buffer, page.byteOffset, page.length), offset: 0 };
    const { data } = readPage(reader, header, decoder, dictionary, undefined, 0);
    if (!isDictionary) return data;
    dictionary = data && convert(data, decoder);
    memory.holdDictionary();
    return undefined;
  };
  if (run.dictionary !== undefined)
    await valuesOf(new ChunkReader(source, run.dictionary, run.start, memory));
  const chunk = new ChunkReader(source, run.start, run.end, memory);
  for (let done = 0; done < run.rows; ) {
    const values = await valuesOf(chunk);
    if (!values) continue;
    done += values.length;
    if (done > run.rows) throw new Error('a row group has more values than rows');
    yield values;
  }
}

/**
 * Compares all pages of a column in a row group with their checksums, if they have some, for readers that do not.
 * @throws Error at a page that differs
 */
export async function checkPages(
  source: RowSource,
  column: ColumnMetaData,
  { start, end }: PageRun,
  memory: PageMemory,
): Promise<void> {
  const chunk = new ChunkReader(source, start, end, memory, HEADER_BYTES);
  for (let left = Number(column.num_values); left > 0; ) {
    const header = await chunk.header();
    const length = header.compressed_page_size;
    if (header.crc === undefined) chunk.skip(length);
    else refuseOtherThan(header, await chunk.take(length));
    left -= (header.data_page_header_v2 ?? header.data_page_header)?.num_values ?? 0;
    if (left < 0) throw new Error('a row group has more values than rows');
  }
}

/** Spark, among others, writes checksums; a flipped bit would mostly be other text. */
function refuseOtherThan({ crc }: PageHeader, bytes: Uint8Array): void {
  if (crc !== undefined && crc32(bytes) !== crc >>> 0) throw new Error('a page does not match its checksum');
}

/**
 * A decompressor as hyparquet takes it.
 * @param outlivesNext - whether the page is needed for longer than until the next one
 */
export function compressorsOf(
  codec: PageRun['codec'],
  decompressor: Decompressor | undefined,
  memory: PageMemory,
  outlivesNext: () => boolean,
): Compressors {
  if (!decompressor) return {};
  const decompress = (bytes: Uint8Array, size: number) =>
    memory.hold(decompressor.decompress(bytes, size), decompressor.reusesMemory, outlivesNext());
  return { [codec]: decompress };
}

/**
 * Checks the numbers by which a page is read: without one of them, a decoder may read for ever.
 * @throws Error if one is missing or negative
 */
function checkHeader(header: PageHeader): void {
  const { type, compressed_page_size: size, data_page_header: first, data_page_header_v2: second } = header;
  const counts: (number | undefined)[] = [size, header.uncompressed_page_size];
  if (type === 'DATA_PAGE') counts.push(first?.num_values);
  if (type === 'DATA_PAGE_V2') {
    const definition = second?.definition_levels_byte_length;
    const repetition = second?.repetition_levels_byte_length;
    counts.push(second?.num_values, second?.num_nulls, second?.num_rows, definition, repetition);
    counts.push(size - Number(definition) - Number(repetition));
  }
  if (counts.some((count) => !(Number.isInteger(count) && count! >= 0)))
    throw new Error("a page's header is damaged");
}

/** Reads a part of a file from its beginning to its end into memory that it uses again. */
export class ChunkReader {
  /** The bytes that are read and not taken. */
  private from = 0;
  private to = 0;

  /** @param readBytes - how many bytes to read at a time at least */
  constructor(
    private readonly source: RowSource,
    private position: number,
    private readonly end: number,
    private readonly memory: ReadMemory,
    private readonly readBytes = READ_BYTES,
  ) {}

  /** Where in the file the next byte is. */
  get place(): number {
    return this.position - (this.to - this.from);
  }

  /** The header of the next page. */
  async header(): Promise<PageHeader> {
    const { parquetHeader } = await import('hyparquet/src/column.js');
    // It holds the least and the greatest value, so its length is known only when it is read.
    for (let length = HEADER_BYTES; ; length *= 4) {
      const bytes = await this.peek(length);
      if (bytes.length === 0) throw new Error('a row group has fewer values than rows');
      const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 };
      let header: PageHeader;
      try {
        header = parquetHeader(reader);
      } catch (error) {
        if (bytes.length < length || length >= MAX_HEADER) throw error;
        continue;
      }
      checkHeader(header);
      this.from += reader.offset;
      return header;
    }
  }

  /** The next bytes, which are valid until the next call. */
  async take(length: number): Promise<Uint8Array> {
    if (length > MAX_PAGE) throw new Error(`a page has ${length} bytes, more than ${MAX_PAGE}`);
    const bytes = await this.peek(length);
    if (bytes.length !== length) throw new Error('a page is cut off');
    this.from += length;
    return bytes;
  }

  /** Passes over the next bytes without reading more of them. */
  skip(length: number): void {
    if (length > MAX_PAGE) throw new Error(`a page has ${length} bytes, more than ${MAX_PAGE}`);
    if (!(length >= 0 && this.place + length <= this.end)) throw new Error('a page is cut off');
    const held = Math.min(length, this.to - this.from);
    this.from += held;
    this.position += length - held;
  }

  /** Up to `length` bytes; fewer only at the end. */
  private async peek(length: number): Promise<Uint8Array> {
    const missing = length - (this.to - this.from);
    const left = this.end - this.position;
    if (missing > 0 && left > 0) {
      const held = this.to - this.from;
      const count = Math.min(left, Math.max(missing, this.readBytes - held));
      const bytes = this.memory.moveToStart(this.from, this.to, held + count);
      this.from = 0;
      this.to = held + count;
      await this.source.readInto(bytes.subarray(held, this.to), this.position);
      this.position += count;
    }
    return this.memory.bytes.subarray(this.from, Math.min(this.to, this.from + length));
  }
}
