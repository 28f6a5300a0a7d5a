import { isUtf8 } from 'node:buffer';
import { brotliDecompressSync, unzipSync } from 'node:zlib';
import { InputError, mention, say } from '@mlm/base/errors';
import type { AsyncBuffer, ColumnMetaData, Compressors, FileMetaData, SchemaTree } from 'hyparquet';
import { noColumn, reasonOf, refuseCompressed } from './arrow.js';
import { type Format, type InputFile, type InputReader, markLength } from './format.js';
import { LineJoiner, lines } from './lines.js';
import { isFlat, MAX_PAGE, type PageOptions, pagesOf } from './parquet-pages.js';
import { zstdFrameDecompressor } from './zstd.js';

/** Approximate bytes of text decoded at a time, of a column inside another. */
const PORTION_BYTES = 8 << 20;
/** Largest column inside another in a row group on disk; it is held in memory. */
const MAX_CHUNK = 1 << 30;

/** Apache Parquet with a column of text: each record becomes a line, line feeds in it spaces; nulls are left out. */
export const parquet: Format = {
  name: 'parquet',
  extensions: ['parquet'],
  content: lines,
  needsFile: true,
  open: parquetLines,
};

async function* parquetLines(input: InputReader, field: string): AsyncGenerator<Uint8Array> {
  const { file } = input;
  refuseCompressed(file);
  const buffer = rereadable(input);
  try {
    const { parquetMetadataAsync, parquetSchema } = await import('hyparquet');
    const compressors = await pageDecompressors();
    const metadata = await parquetMetadataAsync(buffer);
    const tree = parquetSchema(metadata);
    const names = leavesOf(tree);
    const path = names.find((name) => name.join('.') === field);
    if (!path || isInList(stepsTo(tree, path))) {
      refuseOtherColumn(file, field, tree);
      throw noColumn(
        file,
        field,
        names.filter((name) => !isInList(stepsTo(tree, name))).map((name) => name.join('.')),
      );
    }
    const schemaPath = [tree, ...stepsTo(tree, path)];
    const options = { schemaPath, compressors, textFromBytes: textBytes };
    const joiner = new LineJoiner();
    let groupStart = 0;
    for (const { num_rows, columns } of metadata.row_groups) {
      const rows = Number(num_rows);
      const column = columns.find(
        ({ meta_data }) => meta_data?.path_in_schema.join('.') === field,
      )?.meta_data;
      if (!column) throw new Error(`a row group has no column "${field}"`);
      if (isFlat(schemaPath))
        for await (const page of pagesOf(input, column, rows, options))
          yield joiner.join(textsOf(page, file, field));
      else
        for await (const records of portionsOf(buffer, metadata, column, groupStart, rows, options))
          yield joiner.join(textsOf(valuesAt(records, path), file, field));
      groupStart += rows;
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `${file.path}: not a whole Parquet file (${reasonOf(error)}); restore it or leave it out`,
    );
  }
}

/** The records of a row group with one column, which is inside another, some at a time. */
async function* portionsOf(
  file: AsyncBuffer,
  metadata: FileMetaData,
  column: ColumnMetaData,
  groupStart: number,
  rows: number,
  { compressors, textFromBytes }: PageOptions,
): AsyncGenerator<Record<string, unknown>[]> {
  const { parquetReadObjects } = await import('hyparquet');
  const bytes = Number(column.total_uncompressed_size);
  const portion = Math.max(16, Math.floor((rows * PORTION_BYTES) / bytes));
  for (let start = 0; start < rows; start += portion)
    yield await parquetReadObjects({
      file,
      metadata,
      compressors,
      parsers: { stringFromBytes: textFromBytes },
      columns: [column.path_in_schema[0]!],
      rowStart: groupStart + start,
      rowEnd: groupStart + Math.min(rows, start + portion),
    });
}

/** The file as hyparquet reads it. The last range is cached, since all portions of a row group read the same one. */
function rereadable(input: InputReader): AsyncBuffer {
  const { path, size } = input.file;
  let last: { from: number; to: number; bytes: Promise<ArrayBuffer> } | undefined;
  return {
    byteLength: size,
    slice(from, to = size) {
      if (to - from > MAX_CHUNK)
        throw new InputError(
          `${path}: a column of a row group has ${to - from} bytes; write the file with row groups below ${MAX_CHUNK >> 20} MiB`,
        );
      if (last?.from !== from || last.to !== to)
        last = { from, to, bytes: input.readAt(from, to).then(({ buffer }) => buffer as ArrayBuffer) };
      return last.bytes;
    },
  };
}

/** Decompressors by codec, Node's own where it has one. A page is no larger than it declares, and that is bounded. */
async function pageDecompressors(): Promise<Compressors> {
  const [{ compressors }, zstd] = await Promise.all([
    import('hyparquet-compressors'),
    zstdFrameDecompressor(),
  ]);
  const most = (size: number) => ({ maxOutputLength: Math.max(1, size) });
  const all: Compressors = {
    ...compressors,
    GZIP: (bytes, size) => unzipSync(bytes, most(size)),
    BROTLI: (bytes, size) => brotliDecompressSync(bytes, most(size)),
    ZSTD: zstd,
  };
  const bounded = Object.entries(all).map(([codec, decompress]) => [
    codec,
    (bytes: Uint8Array, size: number) => {
      if (size > MAX_PAGE) throw new Error(`a page grows to ${size} bytes, more than ${MAX_PAGE}`);
      return decompress(bytes, size);
    },
  ]);
  return Object.fromEntries(bounded) as Compressors;
}

const decoder = new TextDecoder();

/**
 * Keeps text as UTF-8, a view of its page, without creating strings. Ill-formed sequences become U+FFFD and a byte
 * order mark is dropped, as if strings were made.
 */
function textBytes(bytes: Uint8Array): Buffer {
  if (markLength(bytes) > 0 || !isUtf8(bytes)) return Buffer.from(decoder.decode(bytes));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Paths of the columns that hold values, nested ones included. */
function leavesOf({ children, path }: SchemaTree): string[][] {
  return children.length === 0 ? [path] : children.flatMap(leavesOf);
}

/** The columns from the outermost to the one at a path. */
function stepsTo({ children }: SchemaTree, [name, ...rest]: string[]): SchemaTree[] {
  const child = children.find(({ element }) => element.name === name);
  return child ? [child, ...stepsTo(child, rest)] : [];
}

/** Whether a row may have several values of a column. */
function isInList(steps: SchemaTree[]): boolean {
  return steps.some(({ element }) => element.repetition_type === 'REPEATED');
}

/** Refuses a column that is there, but holds lists or other columns. */
function refuseOtherColumn({ path }: InputFile, field: string, tree: SchemaTree): void {
  const steps = stepsTo(tree, field.split('.'));
  const [column] = steps.slice(-1);
  if (!column || column.path.join('.') !== field) return;
  const leaves = leavesOf(column);
  const isList = leaves.every((leaf) => isInList(stepsTo(tree, leaf)));
  const names = leaves.map((leaf) => leaf.join('.')).join(', ');
  throw new InputError(
    say`${path}: column "${field}" holds ${isList ? 'lists' : `the columns ${names}`}, expected text; choose another with ${mention('textField')}`,
  );
}

function* valuesAt(records: Record<string, unknown>[], path: string[]): Generator<unknown> {
  for (const record of records) {
    let value: unknown = record;
    for (const step of path) value = (value as Record<string, unknown> | null | undefined)?.[step];
    yield value;
  }
}

function* textsOf(values: Iterable<unknown>, file: InputFile, field: string): Generator<Uint8Array> {
  for (const text of values) {
    if (text === null || text === undefined) continue;
    // Text is a Buffer; JSON and other types are converted by hyparquet.
    if (!Buffer.isBuffer(text) && typeof text !== 'string')
      throw new InputError(
        say`${file.path}: column "${field}" holds ${typeof text}, expected text; choose another with ${mention('textField')}`,
      );
    yield typeof text === 'string' ? Buffer.from(text) : text;
  }
}
