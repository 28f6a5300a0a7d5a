import { type Dataset, listColumn, openDataset } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import { ignoredLabel } from '../data/batch.js';

/**
 * The loss, in nats a decoded token, of always answering with the word frequencies of the training rows (add-one
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
    await eachToken(dataset, (id) => counts[id]!++);
    for (const id of protected_ids) counts[id] = 0;
    const total = counts.reduce((sum, count) => sum + count, 0);

    let lossSum = 0;
    let decoded = 0;
    await eachToken(validation, (id, isDecoded) => {
      if (!isDecoded) return;
      lossSum -= Math.log(counts[id]! / total);
      decoded++;
    });
    return decoded === 0 ? 0 : lossSum / decoded;
  } finally {
    await dataset.close();
  }
}

/** Visits the tokens as they were before masking. */
async function eachToken(dataset: Dataset, visit: (id: number, isDecoded: boolean) => void): Promise<void> {
  for await (const batch of dataset) {
    const ids = listColumn(batch, 'input_ids');
    const labels = listColumn(batch, 'labels');
    const shift = labels.offsets[0]! - ids.offsets[0]!;
    for (let i = ids.offsets[0]!; i < ids.offsets[batch.numRows]!; i++) {
      const label = labels.values[i + shift]!;
      const isDecoded = label !== ignoredLabel;
      visit(isDecoded ? label : ids.values[i]!, isDecoded);
    }
  }
}
