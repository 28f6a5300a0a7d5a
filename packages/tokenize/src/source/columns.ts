import { InputError } from '@mlm/base/errors';
import type { Vector } from 'apache-arrow';
import { contentChunks } from './decompress.js';
import { joinLines } from './join-lines.js';
import type { InputFile } from './list.js';

/** Rows of a .parquet file that are decoded at a time. */
const PARQUET_ROWS = 4096;

/** A text column as lines of UTF-8: a record a line; line feeds in a record become spaces, nulls are left out. */
export function columnLines(file: InputFile, column: string, onRead: (bytes: number) => void) {
  if (file.compression !== 'none')
    throw new InputError(`${file.path}: a compressed ${file.format} file is not read; decompress it first`);
  if (file.format === 'parquet') return parquetLines(file, column, onRead);
  return arrowLines(file, column, contentChunks(file, onRead));
}

/** The text column of an Arrow file or stream that arrives in chunks. */
export async function* arrowLines(file: InputFile, column: string, chunks: AsyncIterable<Uint8Array>) {
  try {
    const { RecordBatchReader } = await import('apache-arrow');
    const reader = await RecordBatchReader.from(chunks);
    await reader.open();
    if (!reader.schema) throw new Error('no schema stands at its start');
    for await (const batch of reader) {
      const vector = batch.getChild(column);
      if (!vector)
        throw noColumn(
          file,
          column,
          batch.schema.fields.map((field) => field.name),
        );
      yield joinLines(texts(vector, file, column));
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `${file.path}: not a whole Arrow file (${reasonOf(error)}); restore it or leave it out`,
    );
  }
}

/** What arrow-js says of broken data; where it trips over it, that says nothing to a person. */
function reasonOf(error: unknown): string {
  const isTrip = error instanceof TypeError || error instanceof RangeError;
  return isTrip ? 'it is cut off or damaged' : (error as Error).message;
}

function* texts(vector: Vector, file: InputFile, column: string): Generator<Uint8Array> {
  for (const text of vector) {
    if (text === null) continue;
    if (typeof text !== 'string')
      throw new InputError(
        `${file.path}: column "${column}" is ${vector.type}, expected text; choose another with --text-field`,
      );
    yield Buffer.from(text);
  }
}

async function* parquetLines(file: InputFile, column: string, onRead: (bytes: number) => void) {
  try {
    const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
    const buffer = await asyncBufferFromFile(file.path);
    const { compressors } = await import('hyparquet-compressors');
    const metadata = await parquetMetadataAsync(buffer);
    const names = metadata.schema.slice(1).map((element) => element.name);
    if (!names.includes(column)) throw noColumn(file, column, names);
    const rows = Number(metadata.num_rows);
    let read = 0;
    for (let rowStart = 0; rowStart < rows; rowStart += PARQUET_ROWS) {
      const rowEnd = Math.min(rows, rowStart + PARQUET_ROWS);
      const records = await parquetReadObjects({
        file: buffer,
        metadata,
        compressors,
        columns: [column],
        rowStart,
        rowEnd,
      });
      yield joinLines(recordTexts(records, file, column));
      const position = Math.floor((file.size * rowEnd) / rows);
      onRead(position - read);
      read = position;
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `${file.path}: not a whole Parquet file (${(error as Error).message}); restore it or leave it out`,
    );
  }
}

function* recordTexts(
  records: Record<string, unknown>[],
  file: InputFile,
  column: string,
): Generator<Uint8Array> {
  for (const record of records) {
    const text = record[column];
    if (text === null || text === undefined) continue;
    if (typeof text !== 'string')
      throw new InputError(
        `${file.path}: column "${column}" holds ${typeof text}, expected text; choose another with --text-field`,
      );
    yield Buffer.from(text);
  }
}

function noColumn(file: InputFile, column: string, names: string[]): InputError {
  return new InputError(
    `${file.path}: no column "${column}" (columns: ${names.join(', ')}); choose one with --text-field`,
  );
}
