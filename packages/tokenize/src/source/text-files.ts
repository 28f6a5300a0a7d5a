import { Readable } from 'node:stream';
import { type InputFiles, listFiles } from './list.js';
import { type PlanOptions, planUnits } from './plan.js';
import { refuseUnknownOptions } from './unknown.js';

/**
 * A source of text: an object stream of work units, for `tokenize` to read. Inputs are folders (recursive), files,
 * globs and `-` (standard input: text, or an Arrow stream with a text column); or what `listFiles` found. Files in
 * folders are read if they are .txt, .jsonl, .parquet or .arrow, named ones also if they are .json, .csv or .tsv; all
 * but .parquet and .arrow may be compressed as .gz or .zst.
 * @throws InputError for an unknown option; as the stream's error when an input cannot be read
 *
 * @example
 * ```ts
 * import { loadTokenizer, textFiles, tokenize } from '@mlm/tokenize';
 *
 * const tokenizer = await loadTokenizer();
 * for await (const batch of textFiles(['corpus/']).pipe(tokenize({ tokenizer }))) console.log(batch.numRows);
 * ```
 */
export function textFiles(inputs: readonly string[] | InputFiles, options: PlanOptions = {}): Readable {
  refuseUnknownOptions(options);
  const units = async function* () {
    yield* planUnits('files' in inputs ? inputs : await listFiles(inputs, options), options);
  };
  return Readable.from(units(), { objectMode: true, highWaterMark: 2 });
}
