import { isUtf8 } from 'node:buffer';
import { brotliDecompressSync, unzipSync } from 'node:zlib';
import { InputError, mention, say } from '@mlm/base/errors';
import type { ColumnMetaData, DecodedArray, SchemaTree } from 'hyparquet';
import { type FileState, markLength, type RowReader, type RowSource } from './format.js';
import { LineJoiner } from './lines.js';
import { PageMemory } from './page-memory.js';
import { MAX_PAGE, type PageOptions, type PageRun, pagesOf } from './parquet-pages.js';
import { type Decompressor, zstdFrameDecompressor } from './zstd.js';

/** A column of text. */
export interface TextPages {
  field: string;
  /** From the schema's root to the column, without their other columns. */
  schemaPath: SchemaTree[];
}

/** What a thread needs to read rows of a Parquet file. */
export interface RowPlan extends TextPages {
  runs: PageRun[];
  /** The rows to read, among those of the runs. */
  from: number;
  to: number;
}

/** Most bytes of text in a part, of which the planner has expected far fewer. */
const MAX_TEXT = 64 << 20;

/** Decodes pages of a column of text. */
export class ParquetRows implements RowReader {
  private readonly joiner = new LineJoiner();
  private readonly memory = PageMemory.borrow();
  /** The page that was decoded last, whose next rows may be asked for. */
  private last: { path: string; start: number; values: DecodedArray } | undefined;

  async read(source: RowSource, plan: unknown, room?: Uint8Array): Promise<Uint8Array> {
    const { field, from, to } = plan as RowPlan;
    const joiner = room ? new LineJoiner(room) : this.joiner;
    let text = joiner.join([]);
    let row = 0;
    for await (const values of this.pages(source, plan as RowPlan)) {
      const wanted = values.slice(Math.max(0, from - row), Math.max(0, to - row));
      text = joiner.append(textsOf(wanted, source.file, field), MAX_TEXT);
      row += values.length;
    }
    if (to >= row) {
      // While the rows are encoded and masked, that memory is better used.
      this.last = undefined;
      this.memory.freePages();
    }
    return text;
  }

  close(): void {
    this.last = undefined;
    this.memory.giveBack();
  }

  private async *pages(source: RowSource, { schemaPath, runs }: RowPlan): AsyncGenerator<DecodedArray> {
    const { path } = source.file;
    const { start, rows } = runs[0]!;
    const { last } = this;
    if (last?.path === path && last.start === start && last.values.length === rows && runs.length === 1) {
      yield last.values;
      return;
    }
    this.last = undefined;
    for (const run of runs) {
      const options = await textOptions(schemaPath, run.codec, this.memory);
      for await (const values of pagesOf(source, run, options)) {
        this.last = { path, start: run.start, values };
        yield values;
      }
    }
  }
}

/** How the pages of a column of text are decoded. */
export async function textOptions(
  schemaPath: SchemaTree[],
  codec: Codec,
  memory: PageMemory,
): Promise<PageOptions> {
  const known = memory.decompressors.get(codec) ?? loadDecompressor(codec, memory);
  memory.decompressors.set(codec, known);
  return { schemaPath, decompressor: await known, textFromBytes: textBytes, memory };
}

type Codec = ColumnMetaData['codec'];

/**
 * The decompressor of a codec, Node's own where it has one; `undefined` if there is none. A page is no larger than it
 * declares, and that is bounded.
 */
async function loadDecompressor(codec: Codec, memory: PageMemory): Promise<Decompressor | undefined> {
  const decompressor = await anyDecompressor(codec, memory);
  if (!decompressor) return undefined;
  const decompress = (bytes: Uint8Array, size: number) => {
    // Not every codec can say nothing.
    if (size === 0) return new Uint8Array(0);
    if (size > MAX_PAGE) throw new Error(`a page grows to ${size} bytes, more than ${MAX_PAGE}`);
    return decompressor.decompress(bytes, size);
  };
  return { decompress, reusesMemory: decompressor.reusesMemory };
}

async function anyDecompressor(codec: Codec, memory: PageMemory): Promise<Decompressor | undefined> {
  // In one piece, instead of many that are joined.
  const whole = (size: number) => ({ maxOutputLength: Math.max(1, size), chunkSize: Math.max(64, size + 1) });
  switch (codec) {
    case 'SNAPPY':
      return { decompress: (bytes, size) => memory.decompress(bytes, size), reusesMemory: true };
    case 'ZSTD':
      return zstdFrameDecompressor();
    case 'GZIP':
      return { decompress: (bytes, size) => unzipSync(bytes, whole(size)), reusesMemory: false };
    case 'BROTLI':
      return { decompress: (bytes, size) => brotliDecompressSync(bytes, whole(size)), reusesMemory: false };
    default: {
      const decompress = (await import('hyparquet-compressors')).compressors[codec];
      return decompress && { decompress, reusesMemory: false };
    }
  }
}

/** The texts among the values of a column; nulls are left out. */
export function* textsOf(
  values: Iterable<unknown>,
  file: Pick<FileState, 'path'>,
  field: string,
): Generator<Uint8Array> {
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

const decoder = new TextDecoder();

/**
 * Keeps text as UTF-8, a view of its page, without creating strings. Ill-formed sequences become U+FFFD and a byte
 * order mark is dropped, as if strings were made.
 */
function textBytes(bytes: Uint8Array): Buffer {
  if (markLength(bytes) > 0 || !isUtf8(bytes)) return Buffer.from(decoder.decode(bytes));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
