import { type Dataset, openDataset } from '@mlm/arrow';
import { InputError, mention, say } from '@mlm/base/errors';
import { eachToken } from '@mlm/masking';
import { hasLabels } from '../data/dataset.js';

/**
 * The loss, in nats per masked token, of always answering with the word frequencies of the training rows (add-one
 * smoothed over the vocabulary): what a model must beat to have learned anything from the context.
 *
 * @param path an Arrow file or a dataset folder that has a validation part
 * @throws InputError when it has none, or does not say which tokenizer made it
 *
 * @example
 * ```ts
 * import { unigramLoss } from '@mlm/train';
 *
 * console.log(await unigramLoss('out.arrow')); // nats per masked token
 * ```
 */
export async function unigramLoss(path: string): Promise<number> {
  const dataset = await openDataset(path);
  try {
    if (!dataset.validation)
      throw new InputError(say`${path}: has no validation part; preprocess with ${mention('evalFraction')}`);
    if (!dataset.metadata) throw new InputError(`${path}: does not say which tokenizer made it`);
    return (await lossOfFrequencies(dataset, Number.POSITIVE_INFINITY)) ?? 0;
  } finally {
    await dataset.close();
  }
}

/** Tokens counted for a chart: enough for a line, and quick to read. */
const sampledTokens = 2e6;

/** {@link unigramLoss} by the first 2 million tokens; undefined where the dataset has no masked validation rows. */
export function sampledUnigramLoss(dataset: Dataset): Promise<number | undefined> {
  return lossOfFrequencies(dataset, sampledTokens);
}

async function lossOfFrequencies(dataset: Dataset, atMost: number): Promise<number | undefined> {
  const { validation, metadata } = dataset;
  if (!validation || !metadata || !hasLabels(dataset) || !hasLabels(validation)) return undefined;
  const { vocabulary_size, protected_ids } = metadata.tokenizer;
  const counts = new Float64Array(vocabulary_size).fill(1);
  let seen = 0;
  for await (const batch of dataset) {
    eachToken(batch, (id) => {
      counts[id]!++;
      seen++;
    });
    if (seen >= atMost) break;
  }
  for (const id of protected_ids) counts[id] = 0;
  const total = counts.reduce((sum, count) => sum + count, 0);

  let lossSum = 0;
  let masked = 0;
  for await (const batch of validation) {
    eachToken(batch, (id, _, isMasked) => {
      if (!isMasked) return;
      lossSum -= Math.log(counts[id]! / total);
      masked++;
    });
    if (masked >= atMost) break;
  }
  return masked === 0 ? undefined : lossSum / masked;
}
