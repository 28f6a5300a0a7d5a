import { join } from 'node:path';
import type { Split } from '../metadata.js';
import { DatasetSink, type DatasetSinkOptions } from './dataset.js';
import { partialFolder } from './journal.js';

/**
 * A sink that writes record batches into one Arrow IPC file, and validation rows into a second one beside it
 * (`out.arrow` → `out.eval.arrow`). The files are written in `<path>.partial/` and appear under their names once they
 * are complete.
 * @throws InputError (as the stream's error) if the target, or an interrupted run's working folder, exists
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
 * The file with the validation rows of a single-file dataset.
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
