import { isUtf8 } from 'node:buffer';
import { brotliDecompressSync, unzipSync } from 'node:zlib';
import { InputError, mention, say } from '@mlm/base/errors';
import type { ColumnMetaData, Compressors, DecodedArray, SchemaTree } from 'hyparquet';
import { type FileState, markLength, type RowReader, type RowSource } from './format.js';
import { LineJoiner } from './lines.js';
import { PageMemory } from './page-memory.js';
import { MAX_PAGE, type PageOptions, type PageRun, pagesOf } from './parquet-pages.js';
import { zstdFrameDecompressor } from './zstd.js';

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
  private readonly memory = new PageMemory();
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
      this.memory.free();
    }
    return text;
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
      const options = textOptions(schemaPath, await decompressorOf(run.codec), this.memory);
      for await (const values of pagesOf(source, run, options)) {
        this.last = { path, start: run.start, values };
        yield values;
      }
    }
  }
}

/** How the pages of a column of text are decoded. */
export function textOptions(
  schemaPath: SchemaTree[],
  compressors: Compressors,
  memory = new PageMemory(),
): PageOptions {
  return { schemaPath, compressors, textFromBytes: textBytes, memory };
}

type Codec = ColumnMetaData['codec'];

/** By codec: what this thread has loaded. */
const decompressors = new Map<Codec, Promise<Compressors>>();

/** The decompressor of a codec, Node's own where it has one. A page is no larger than it declares, and that is bounded. */
export function decompressorOf(codec: Codec): Promise<Compressors> {
  const known = decompressors.get(codec) ?? loadDecompressor(codec);
  decompressors.set(codec, known);
  return known;
}

async function loadDecompressor(codec: Codec): Promise<Compressors> {
  const most = (size: number) => ({ maxOutputLength: Math.max(1, size) });
  const own: Compressors = {
    GZIP: (bytes, size) => unzipSync(bytes, most(size)),
    BROTLI: (bytes, size) => brotliDecompressSync(bytes, most(size)),
  };
  if (codec === 'ZSTD') own.ZSTD = await zstdFrameDecompressor();
  const decompress = own[codec] ?? (await import('hyparquet-compressors')).compressors[codec];
  if (!decompress) return {};
  return {
    [codec]: (bytes: Uint8Array, size: number) => {
      if (size > MAX_PAGE) throw new Error(`a page grows to ${size} bytes, more than ${MAX_PAGE}`);
      return decompress(bytes, size);
    },
  };
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
