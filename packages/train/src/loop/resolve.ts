import { basename, dirname, join } from 'node:path';
import { exists } from '@mlm/base';
import { mention, OptionError, say } from '@mlm/base/errors';
import { type Given, optionsOf, refuseUnknown, settingsOf } from '@mlm/base/options';
import { trainDefaults, trainOptions } from '../options.js';
import type { ResolvedOptions, TrainOptions } from './options.js';

/**
 * Fills in the defaults.
 *
 * @param asked options; those left undefined count as not given
 * @param remembered options of the run being continued, used where none is given
 * @throws OptionError for a value out of range, or options that do nothing beside the others
 */
export function resolveOptions(
  asked: TrainOptions,
  remembered: Given<typeof trainOptions> = {},
): ResolvedOptions {
  const others = { dataset: true, tokenizer: true, command: true, signal: true, saveRequested: true };
  refuseUnknown(asked, { ...trainOptions, ...others });
  const given = optionsOf(trainOptions, asked);
  const { batchSize: rows, microBatchSize, model } = { ...remembered, ...given };
  const automatic = rows === 'auto';
  const batchSize = automatic ? trainDefaults.batchSize : (rows ?? trainDefaults.batchSize);
  const rowsAtOnce = microBatchSize ?? (automatic ? 'auto' : undefined);
  const settings = settingsOf(trainOptions, { ...given, batchSize, microBatchSize: rowsAtOnce }, remembered);
  const { dataset, tokenizer, signal, command, saveRequested } = asked;
  const output = outputOf({ ...asked, model });
  const options = { ...settings, batchSize, output, dataset, tokenizer, signal, command, saveRequested };
  refuseTooLarge(options);
  return options;
}

function refuseTooLarge({ microBatchSize, batchSize }: ResolvedOptions): void {
  if (microBatchSize === 'auto' || microBatchSize <= batchSize) return;
  throw new OptionError(
    say`${mention('microBatchSize')} is ${microBatchSize}, expected auto or a whole number up to the batch size, ${batchSize}`,
  );
}

/**
 * The folder of a run. Default: `corpus/out.arrow` and bert-mini give `corpus/out-bert-mini`.
 *
 * @example
 * ```ts
 * import { outputOf } from '@mlm/train';
 *
 * console.log(outputOf({ dataset: 'corpus/out.arrow', model: 'bert-mini' })); // corpus/out-bert-mini
 * ```
 */
export function outputOf({
  dataset,
  output,
  model = trainDefaults.model,
}: Pick<TrainOptions, 'dataset' | 'output' | 'model'>): string {
  if (output !== undefined) return output;
  const stem = basename(dataset).replace(/\.arrow$/, '');
  return join(dirname(dataset), `${stem}-${basename(model)}`);
}

/** The files and folders a run reads, which its output must never replace. */
export async function inputsOf({ dataset, model }: ResolvedOptions): Promise<string[]> {
  return (await exists(model)) ? [dataset, model] : [dataset];
}
