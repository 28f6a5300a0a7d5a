import { createHash } from 'node:crypto';
import { type Dataset, listColumn } from '@mlm/arrow';

/**
 * Record batches to read: the first, the last, and some between. Reading all of a large dataset would take too long.
 */
const sampledBatches = 8;

/**
 * A hash that identifies a dataset wherever it is and however it was copied, computed from the number of rows in each
 * record batch and all columns of eight record batches. 64 bits in hexadecimal.
 */
export async function datasetHash(dataset: Dataset): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(dataset.batchRows));
  const last = dataset.batchRows.length - 1;
  const sampled = Array.from({ length: sampledBatches }, (_, i) =>
    Math.round((i * last) / (sampledBatches - 1)),
  );
  for (const index of new Set(sampled)) {
    const batch = await dataset.batch(index);
    for (const name of ['input_ids', 'labels', 'attention_mask', 'document_starts']) {
      if (!batch.schema.fields.some((field) => field.name === name)) continue;
      const { values, offsets } = listColumn(batch, name);
      const lengths = offsets.map((offset) => offset - offsets[0]!);
      hash
        .update(name)
        .update(lengths)
        .update(values.subarray(offsets[0], offsets.at(-1)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}
