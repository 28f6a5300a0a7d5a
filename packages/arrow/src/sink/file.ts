import { join } from 'node:path';
import type { Split } from '../metadata.js';
import { DatasetSink, type DatasetSinkOptions } from './dataset.js';
import { partialFolder } from './journal.js';

/**
 * A stream of record batches into one Arrow IPC file; validation rows go to a second one beside it (`out.arrow` →
 * `out.eval.arrow`). The files are written in `<path>.partial/` and appear under their names when they are whole.
 * @throws InputError (as the stream's error) when the target exists, or an interrupted run's partial target
 *
 * @example
 * ```ts
 * import { pipeline } from 'node:stream/promises';
 * import { arrowFile } from '@mlm/arrow';
 * import { loadTokenizer, textFiles, tokenize } from '@mlm/tokenize';
 *
 * await pipeline(textFiles(['corpus/']), tokenize({ tokenizer: await loadTokenizer() }), arrowFile('out.arrow'));
 * ```
 */
export function arrowFile(path: string, options?: DatasetSinkOptions): DatasetSink {
  const shardPath = (split: Split) => join(partialFolder(path), `${split}.arrow`);
  return new DatasetSink(
    path,
    {
      format: 'file',
      shardBytes: Number.POSITIVE_INFINITY,
      shardPath,
      targets: { main: path, validation: validationPath(path) },
      replaceable: { kind: 'file' },
      prepared: { main: shardPath('train'), validation: shardPath('validation') },
      async prepare() {},
      async undoPrepare() {},
    },
    options,
  );
}

/**
 * Where the validation rows of a dataset in one file lie.
 *
 * @example
 * ```ts
 * import { validationPath } from '@mlm/arrow';
 *
 * console.log(validationPath('out.arrow')); // out.eval.arrow
 * ```
 */
export function validationPath(path: string): string {
  return path.endsWith('.arrow') ? `${path.slice(0, -'.arrow'.length)}.eval.arrow` : `${path}.eval`;
}
