import { InputError, mention, say } from '@mlm/base/errors';
import { noColumn, refuseCompressed } from './arrow.js';
import type { Format, InputFile, InputReader } from './format.js';
import { joinLines, lines } from './lines.js';

/** Rows that are decoded at a time. */
const ROWS = 4096;

/** Apache Parquet: a column of text, a record a line; line feeds in a record become spaces, nulls are left out. */
export const parquet: Format = {
  name: 'parquet',
  extensions: ['parquet'],
  content: lines,
  needsFile: true,
  open: parquetLines,
};

async function* parquetLines(input: InputReader, column: string): AsyncGenerator<Uint8Array> {
  const { file } = input;
  refuseCompressed(file);
  const buffer = {
    byteLength: file.size,
    slice: async (from: number, to = file.size) => (await input.readAt(from, to)).buffer as ArrayBuffer,
  };
  try {
    const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
    const { compressors } = await import('hyparquet-compressors');
    const metadata = await parquetMetadataAsync(buffer);
    const names = metadata.schema.slice(1).map((element) => element.name);
    if (!names.includes(column)) throw noColumn(file, column, names);
    const rows = Number(metadata.num_rows);
    for (let rowStart = 0; rowStart < rows; rowStart += ROWS) {
      const rowEnd = Math.min(rows, rowStart + ROWS);
      const records = await parquetReadObjects({
        file: buffer,
        metadata,
        compressors,
        columns: [column],
        rowStart,
        rowEnd,
      });
      yield joinLines(recordTexts(records, file, column));
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
        say`${file.path}: column "${column}" holds ${typeof text}, expected text; choose another with ${mention('textField')}`,
      );
    yield Buffer.from(text);
  }
}
