import type { BufferDecompressor } from '@mlm/arrow';
import { InputError, mention, say } from '@mlm/base/errors';
import type { Field, RecordBatch, Struct, Vector } from 'apache-arrow';
import { decoded } from './damage.js';
import type { Format, InputFile, InputReader } from './format.js';
import { joinLines, lines } from './lines.js';
import { decompressLz4Frame } from './lz4.js';
import { zstdFrameDecompressor } from './zstd.js';

/**
 * The first bytes of an Arrow stream, the marker of its schema message. No text begins with them, since they are not
 * UTF-8.
 */
const STREAM_MARKER = [0xff, 0xff, 0xff, 0xff];

/**
 * An Arrow file or stream with a column of text: each record becomes a line, line feeds in it spaces; nulls are left
 * out.
 */
export const arrow = decoded<Format>('Arrow', {
  name: 'arrow',
  extensions: ['arrow'],
  content: lines,
  open: arrowLines,
  recognises: (head) => STREAM_MARKER.every((byte, i) => head[i] === byte),
});

async function* arrowLines(input: InputReader, column: string): AsyncGenerator<Uint8Array> {
  const { file } = input;
  refuseCompressed(file);
  const { RecordBatchReader } = await import('apache-arrow');
  const { verifiedMessages } = await import('@mlm/arrow');
  const messages = verifiedMessages(input.chunks(), file.path, await bufferDecompressor(), column);
  const reader = await RecordBatchReader.from(messages);
  await reader.open();
  if (!reader.schema) throw new Error('it does not start with a schema');
  for await (const batch of reader) {
    const vector = columnOf(batch, column);
    if (!vector) throw noColumn(file, column, columnNames(batch.schema.fields));
    yield joinLines(texts(vector, file, column));
  }
}

/** The column of this name; if there is none, a dotted name leads to a column inside others. */
function columnOf(batch: RecordBatch, name: string): Vector | null {
  const whole = batch.getChild(name);
  if (whole) return whole;
  const [first, ...rest] = name.split('.');
  let vector: Vector | null = batch.getChild(first!);
  for (const step of rest) vector = vector?.getChild(step) ?? null;
  return vector;
}

/** Names of the columns; a column inside others has a dotted name. */
function columnNames(fields: readonly Field[], before = ''): string[] {
  return fields.flatMap(({ name, type }) =>
    isStruct(type) ? columnNames(type.children, `${before}${name}.`) : [`${before}${name}`],
  );
}

function isStruct(type: Field['type']): type is Struct {
  return type.typeId === STRUCT;
}

/** Arrow's number for a structure of columns. */
const STRUCT = 13;

let decompressor: Promise<BufferDecompressor> | undefined;

/** One for all files of a thread: loading zstd takes longer than reading a small file. */
function bufferDecompressor(): Promise<BufferDecompressor> {
  decompressor ??= loadDecompressors();
  return decompressor;
}

async function loadDecompressors(): Promise<BufferDecompressor> {
  const [zstd, { h32Raw }] = await Promise.all([
    zstdFrameDecompressor(),
    import('xxhash-wasm').then((xxhash) => xxhash.default()),
  ]);
  return (codec, bytes, size) => {
    if (codec !== 'ZSTD') return decompressLz4Frame(bytes, size, (content) => h32Raw(content));
    const content = zstd.decompress(bytes, size);
    return zstd.reusesMemory ? content.slice() : content;
  };
}

/** Makes numbers of a dictionary's indices of 64 bits, by which arrow-js looks nothing up. */
function narrowIndices(vector: Vector): void {
  for (const data of vector.data)
    if (data.dictionary && typeof data.values[0] === 'bigint')
      Object.assign(data, { values: Float64Array.from(data.values, Number) });
}

function* texts(vector: Vector, file: InputFile, column: string): Generator<Uint8Array> {
  narrowIndices(vector);
  for (const text of vector) {
    if (text === null) continue;
    if (typeof text !== 'string')
      throw new InputError(
        say`${file.path}: column "${column}" is ${vector.type}, expected text; choose another with ${mention('textField')}`,
      );
    yield Buffer.from(text);
  }
}

/** Refuses compressed files of formats that compress their own content. */
export function refuseCompressed({ path, format, compression }: InputFile): void {
  if (compression === 'none') return;
  throw new InputError(`${path}: ${format} files cannot be read compressed; decompress it first`);
}

export function noColumn(file: InputFile, column: string, names: string[]): InputError {
  return new InputError(
    say`${file.path}: no column "${column}" (columns: ${names.join(', ')}); choose one with ${mention('textField')}`,
  );
}
