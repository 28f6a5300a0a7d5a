import { Readable } from 'node:stream';
import { type InputFiles, listFiles } from './list.js';
import { type PlanOptions, planUnits } from './plan.js';
import { refuseUnknownOptions } from './unknown.js';

/**
 * A source of text: an object stream of work units, for `tokenize` to read. Inputs are folders (recursive), files,
 * globs and `-` (standard input: text, or an Arrow stream with a text column), of .txt, .jsonl, .parquet and .arrow, where
 * named also of .json, .csv and .tsv, all but the columnar ones also as .gz and .zst; or what `listFiles` found.
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
