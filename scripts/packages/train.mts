// Trains for two steps on a dataset of its own making, evaluates and fills.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { arrowFile, describeBatches, maskedBatch } from '@mlm/arrow';
import { evaluate, MaskFiller, train } from '@mlm/train';

const specialIds = { pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 };
const vocabulary = '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\n';
const tokenizer = {
  name: 'tiny',
  sha256: createHash('sha256').update(vocabulary).digest('hex'),
  vocabulary_size: 8,
  special_ids: specialIds,
  protected_ids: [0, 1, 2, 3, 4],
  files: { 'vocab.txt': vocabulary },
};
const describe = describeBatches({
  format_version: 1,
  generator: 'test',
  tokenizer,
  sequence_length: 4,
  cut: { document: 'line', line_by_line: false, overflow: 'wrap' },
  masking: null,
});
const offsets = Int32Array.of(0, 4, 8);
const batch = maskedBatch({
  input_ids: { values: Int32Array.of(2, 4, 6, 3, 2, 7, 4, 3), offsets },
  labels: { values: Int32Array.of(-100, 5, -100, -100, -100, -100, 6, -100), offsets },
  attention_mask: { values: new Int8Array(8).fill(1), offsets },
});
await pipeline([describe(batch)], arrowFile('rows.arrow'));

mkdirSync('model');
const sizes = { hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 16 };
const config = { model_type: 'bert', vocab_size: 8, max_position_embeddings: 8, ...sizes };
writeFileSync('model/config.json', JSON.stringify(config));

let steps = 0;
for await (const event of train({ dataset: 'rows.arrow', model: 'model', output: 'trained', maxSteps: 2 })) {
  if (event.type === 'step') steps++;
}
assert.equal(steps, 2);
assert((await evaluate({ dataset: 'rows.arrow', model: 'trained' })).loss > 0);
const filler = await MaskFiller.open('trained');
assert.equal((await filler.fill([2, 4, 6, 3], specialIds.mask, 3)).length, 1);
await filler.dispose();
