import { openDataset } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import { eachToken } from '@mlm/masking';

/**
 * The loss, in nats a masked token, of always answering with the word frequencies of the training rows (add-one
 * smoothed over the vocabulary): what a model must beat to have learned anything from the context.
 *
 * @param path an Arrow file or a dataset folder that has a held-out part
 * @throws InputError when it has none, or does not say which tokenizer made it
 */
export async function unigramLoss(path: string): Promise<number> {
  const dataset = await openDataset(path);
  try {
    const { validation, metadata } = dataset;
    if (!validation) throw new InputError(`${path}: has no held-out part; preprocess with --eval-fraction`);
    if (!metadata) throw new InputError(`${path}: does not say which tokenizer made it`);
    const { vocabulary_size, protected_ids } = metadata.tokenizer;
    const counts = new Float64Array(vocabulary_size).fill(1);
    for await (const batch of dataset) eachToken(batch, (id) => counts[id]!++);
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
    }
    return masked === 0 ? 0 : lossSum / masked;
  } finally {
    await dataset.close();
  }
}
