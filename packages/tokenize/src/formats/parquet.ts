import { InputError, mention, say } from '@mlm/base/errors';
import type { AsyncBuffer, ColumnMetaData, FileMetaData, SchemaTree } from 'hyparquet';
import { noColumn, refuseCompressed } from './arrow.js';
import { decoded } from './damage.js';
import type { FileRanges, Format, InputFile, InputReader } from './format.js';
import { LineJoiner, lines } from './lines.js';
import { PageMemory } from './page-memory.js';
import {
  checkPages,
  chunkOf,
  compressorsOf,
  isFlat,
  type PageOptions,
  pagesOf,
  type TextColumn,
} from './parquet-pages.js';
import { dividedRows } from './parquet-plan.js';
import { ParquetRows, textOptions, textsOf } from './parquet-text.js';

/** Approximate bytes of text decoded at a time, of a column inside another. */
const PORTION_BYTES = 8 << 20;
/** Largest column inside another in a row group on disk; it is held in memory. */
const MAX_CHUNK = 1 << 30;

/** Apache Parquet with a column of text: each record becomes a line, line feeds in it spaces; nulls are left out. */
export const parquet = decoded<Format>('Parquet', {
  name: 'parquet',
  extensions: ['parquet'],
  content: lines,
  needsFile: true,
  open: parquetLines,
  rows: {
    async *divide(input, field) {
      const table = await openTable(input, field);
      yield* dividedRows(input, table, () => linesOf(input, table));
    },
    reader: () => new ParquetRows(),
  },
});

/** Of a file that is not divided by its rows: it is compressed, and refused. */
async function* parquetLines(input: InputReader, field: string): AsyncGenerator<Uint8Array> {
  yield* linesOf(input, await openTable(input, field));
}

/** Reads the footer and finds the column. */
async function openTable(input: FileRanges, field: string): Promise<TextColumn> {
  const { file } = input;
  refuseCompressed(file);
  const { parquetMetadataAsync, parquetSchema } = await import('hyparquet');
  const metadata = await parquetMetadataAsync(rereadable(input));
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
  const groups = metadata.row_groups.map(({ num_rows, columns }) => {
    const column = columns.find(({ meta_data }) => meta_data?.path_in_schema.join('.') === field)?.meta_data;
    if (!column) throw new Error(`a row group has no column "${field}"`);
    return { column, rows: Number(num_rows) };
  });
  return { field, schemaPath: [tree, ...stepsTo(tree, path)], metadata, groups };
}

/** The whole column, from its beginning to its end. */
async function* linesOf(input: FileRanges, table: TextColumn): AsyncGenerator<Uint8Array> {
  const { file } = input;
  const { field, schemaPath, metadata, groups } = table;
  const joiner = new LineJoiner();
  const buffer = rereadable(input);
  const memory = PageMemory.borrow();
  try {
    let groupStart = 0;
    for (const { column, rows } of groups) {
      const options = await textOptions(schemaPath, column.codec, memory);
      const chunk = chunkOf(column, rows, file);
      if (isFlat(schemaPath))
        for await (const page of pagesOf(input, chunk, options))
          yield joiner.join(textsOf(page, file, field));
      else {
        await checkPages(input, column, chunk, memory);
        for await (const records of portionsOf(buffer, metadata, column, groupStart, rows, options))
          yield joiner.join(textsOf(valuesAt(records, schemaPath.at(-1)!.path), file, field));
      }
      groupStart += rows;
    }
  } finally {
    memory.giveBack();
  }
}

/** The records of a row group with one column, which is inside another, some at a time. */
async function* portionsOf(
  file: AsyncBuffer,
  metadata: FileMetaData,
  column: ColumnMetaData,
  groupStart: number,
  rows: number,
  { decompressor, textFromBytes, memory }: PageOptions,
): AsyncGenerator<Record<string, unknown>[]> {
  const { parquetReadObjects } = await import('hyparquet');
  const bytes = Number(column.total_uncompressed_size);
  const portion = Math.max(16, Math.floor((rows * PORTION_BYTES) / bytes));
  for (let start = 0; start < rows; start += portion)
    yield await parquetReadObjects({
      file,
      metadata,
      // All pages of the portion are used at once.
      compressors: compressorsOf(column.codec, decompressor, memory, () => true),
      parsers: { stringFromBytes: textFromBytes },
      columns: [column.path_in_schema[0]!],
      rowStart: groupStart + start,
      rowEnd: groupStart + Math.min(rows, start + portion),
    });
}

/** The file as hyparquet reads it. The last range is cached, since all portions of a row group read the same one. */
function rereadable(input: FileRanges): AsyncBuffer {
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
