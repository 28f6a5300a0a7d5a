import { crc32 } from 'node:zlib';
import type { ColumnMetaData, Compressors, DecodedArray, SchemaTree } from 'hyparquet';
import type { PageHeader } from 'hyparquet/src/types.js';
import type { InputReader } from './format.js';

/** Bytes read at a time, from disk and from a store, where each time is a request. */
const READ_BYTES = 1 << 20;
const REQUEST_BYTES = 16 << 20;
/** Largest page, compressed or not. */
export const MAX_PAGE = 256 << 20;
/** Room for most page headers, and for the largest. */
const HEADER_BYTES = 16 << 10;
const MAX_HEADER = 16 << 20;

/** How to decode the values of a column. */
export interface PageOptions {
  /** From the schema's root to the column. */
  schemaPath: SchemaTree[];
  compressors: Compressors;
  /** Converts the bytes of a text. */
  textFromBytes(bytes: Uint8Array): unknown;
}

/** Whether each row has one value of a column, or none: it is neither inside another nor a list. */
export function isFlat([, column, ...inner]: SchemaTree[]): boolean {
  return inner.length === 0 && column?.children.length === 0 && column.element.repetition_type !== 'REPEATED';
}

/**
 * The values of a flat column in a row group, a page at a time, so that memory is bounded by the pages, however large
 * the row group is. They are valid until the next page is asked for.
 * @throws Error if a page is damaged, or there are fewer values than rows
 */
export async function* pagesOf(
  input: InputReader,
  column: ColumnMetaData,
  rows: number,
  { schemaPath, compressors, textFromBytes }: PageOptions,
): AsyncGenerator<DecodedArray> {
  const [{ readPage }, { convert, DEFAULT_PARSERS }] = await Promise.all([
    import('hyparquet/src/column.js'),
    import('hyparquet/src/convert.js'),
  ]);
  const decoder = {
    ...column,
    pathInSchema: column.path_in_schema,
    schemaPath,
    element: schemaPath.at(-1)!.element,
    compressors,
    parsers: { ...DEFAULT_PARSERS, stringFromBytes: textFromBytes },
  };
  const start = Number(column.dictionary_page_offset || column.data_page_offset);
  const end = start + Number(column.total_compressed_size);
  if (!(start >= 0 && end <= input.file.size)) throw new Error('a column lies outside the file');
  const chunk = new ChunkReader(input, start, end);
  let dictionary: DecodedArray | undefined;
  for (let done = 0; done < rows; ) {
    const header = await chunk.header();
    const bytes = await chunk.take(header.compressed_page_size);
    // Spark, among others, writes checksums; a flipped bit would mostly be other text.
    if (header.crc !== undefined && crc32(bytes) !== header.crc >>> 0)
      throw new Error('a page does not match its checksum');
    const isDictionary = header.type === 'DICTIONARY_PAGE';
    // The dictionary outlives the memory of its page.
    const page = isDictionary ? bytes.slice() : bytes;
    const reader = { view: new DataView(page.buffer, page.byteOffset, page.length), offset: 0 };
    const { data } = readPage(reader, header, decoder, dictionary, undefined, 0);
    if (isDictionary) dictionary = data && convert(data, decoder);
    else if (data) {
      done += data.length;
      if (done > rows) throw new Error('a row group has more values than rows');
      yield data;
    }
  }
}

/** Reads a part of a file from its beginning to its end into memory that it uses again. */
class ChunkReader {
  private buffer = new Uint8Array(READ_BYTES);
  private readonly readBytes: number;
  /** The bytes that are read and not taken. */
  private from = 0;
  private to = 0;

  constructor(
    private readonly input: InputReader,
    private position: number,
    private readonly end: number,
  ) {
    this.readBytes = input.file.stored ? REQUEST_BYTES : READ_BYTES;
  }

  /** The header of the next page. */
  async header(): Promise<PageHeader> {
    const { parquetHeader } = await import('hyparquet/src/column.js');
    // It holds the least and the greatest value, so its length is known only when it is read.
    for (let length = HEADER_BYTES; ; length *= 4) {
      const bytes = await this.peek(length);
      if (bytes.length === 0) throw new Error('a row group has fewer values than rows');
      const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 };
      try {
        const header = parquetHeader(reader);
        this.from += reader.offset;
        return header;
      } catch (error) {
        if (bytes.length < length || length >= MAX_HEADER) throw error;
      }
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

  /** Up to `length` bytes; fewer only at the end. */
  private async peek(length: number): Promise<Uint8Array> {
    const missing = length - (this.to - this.from);
    const left = this.end - this.position;
    if (missing > 0 && left > 0) {
      const held = this.buffer.subarray(this.from, this.to);
      const count = Math.min(left, Math.max(missing, this.readBytes - held.length));
      if (held.length + count > this.buffer.length) this.buffer = new Uint8Array(held.length + count);
      this.buffer.set(held);
      this.from = 0;
      this.to = held.length + count;
      await this.input.readInto(this.buffer.subarray(held.length, this.to), this.position);
      this.position += count;
    }
    return this.buffer.subarray(this.from, Math.min(this.to, this.from + length));
  }
}
