import { Readable } from 'node:stream';
import { InputError } from '@mlm/base/errors';
import { joinLines, lines } from '../formats/lines.js';
import { streamBytes } from './bytes.js';
import { textRanges } from './ranges.js';
import type { Unit } from './unit.js';

/** Bytes of text that are joined at a time. */
const CHUNK_BYTES = 64 << 10;

/** Options of {@link texts}. */
export interface TextsOptions {
  /** The input's name in messages. Default: `texts`. */
  name?: string;
}

/**
 * A source of the program's own texts: an object stream of work units of about 4 MiB, for `tokenize` to read. Each text
 * is a document (with `lineByLine`, a line), as a record of a .jsonl or .parquet file is: line feeds inside it are read
 * as spaces, and a blank one gives no ids. The units, and so the rows and the validation rows, depend on the texts and
 * their order alone. Texts are pulled as they are needed, a unit or two ahead.
 * @param documents strings, or UTF-8 bytes (ill-formed sequences are read as U+FFFD and counted)
 * @throws InputError at once if `documents` is a single text or cannot be iterated; as the stream's error if an element
 * is not text, or there is none
 *
 * @example
 * ```ts
 * import { loadTokenizer, texts, tokenize } from '@mlm/tokenize';
 *
 * const tokenizer = await loadTokenizer();
 * for await (const batch of texts(['A first document.', 'A second one.']).pipe(tokenize({ tokenizer }))) console.log(batch.numRows);
 * ```
 */
export function texts(
  documents: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
  { name = 'texts' }: TextsOptions = {},
): Readable {
  if (!isIterable(documents))
    throw new InputError(`${name}: expected an iterable of texts; put a single text into an array`);
  return Readable.from(units(documents, name), { objectMode: true, highWaterMark: 1 });
}

async function* units(
  documents: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
  path: string,
): AsyncGenerator<Unit> {
  const source = streamBytes(chunks(documents, path));
  const place = { file: 0, path, format: 'lines', document: 'line' } as const;
  let number = 0;
  try {
    for await (const { start, end, documentStart, data } of textRanges(source, lines, 'line')) {
      const part = { ...place, start, end, documentStart, data: data! };
      yield { number: number++, parts: [part], inputBytes: end - start };
    }
  } finally {
    source.close();
  }
  if (number === 0) throw new InputError(`${path}: no text: the input is empty`);
}

/** The texts as lines, many at a time. */
async function* chunks(
  documents: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  let pending: Uint8Array[] = [];
  let bytes = 0;
  let index = 0;
  for await (const document of documents) {
    if (typeof document !== 'string' && !(document instanceof Uint8Array))
      throw new InputError(
        `${name}: element ${index} is ${typeof document}, expected a string or UTF-8 bytes`,
      );
    const text = typeof document === 'string' ? Buffer.from(document) : document;
    index++;
    pending.push(text);
    bytes += text.length + 1;
    if (bytes < CHUNK_BYTES) continue;
    yield joinLines(pending);
    pending = [];
    bytes = 0;
  }
  if (bytes > 0) yield joinLines(pending);
}

/** Excludes strings and byte arrays, which would be iterated by characters and numbers. */
function isIterable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}
