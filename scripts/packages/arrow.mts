// Writes a batch of token rows into an Arrow file and reads it again.
import assert from 'node:assert/strict';
import { pipeline } from 'node:stream/promises';
import { arrowFile, InputError, listColumn, openDataset, tokenBatch } from '@mlm/arrow';

const rows = { values: Int32Array.of(101, 7592, 102), offsets: Int32Array.of(0, 3) };
await pipeline([tokenBatch(rows)], arrowFile('out.arrow'));
const dataset = await openDataset('out.arrow');
assert.equal(dataset.rows, 1);
for await (const batch of dataset) {
  const { values, offsets } = listColumn(batch, 'input_ids');
  assert.deepEqual([...values.subarray(offsets[0], offsets[1])], [101, 7592, 102]);
}
await dataset.close();
await assert.rejects(openDataset('nowhere.arrow'), InputError);
