import { afterAll, expect, it } from 'vitest';
import { initializeWeights } from '../models/initialize.js';
import { temporaryFolder } from '../testing/dataset.fixture.js';
import { tinyModel } from '../testing/model.fixture.js';
import { type StoredTensor, writeSafetensors } from './safetensors.js';
import { readWeights, writeWeights } from './weights.js';

const folder = await temporaryFolder();
const path = folder.file('model.safetensors');
afterAll(() => folder.remove());

const model = tinyModel();
const weights = initializeWeights(model, 1);
const stored = (): [string, StoredTensor][] =>
  model.parameters.map(({ name, shape }) => [name, { shape, values: weights.get(name)! }]);

it('reads what it wrote', async () => {
  await writeWeights(path, model, weights);
  expect(await readWeights(path, model)).toEqual(weights);
});

it('reads old names, and leaves out pooler, next sentence and tied tensors', async () => {
  const old = stored().map(([name, tensor]): [string, StoredTensor] => [
    name
      .replace('LayerNorm.weight', 'LayerNorm.gamma')
      .replace('LayerNorm.bias', 'LayerNorm.beta')
      .replace('cls.predictions.bias', 'cls.predictions.decoder.bias'),
    tensor,
  ]);
  const unused = { shape: [1], values: Float32Array.of(1) };
  for (const name of [
    'bert.pooler.dense.weight',
    'cls.seq_relationship.bias',
    'cls.predictions.decoder.weight',
  ]) {
    old.push([name, unused]);
  }
  await writeSafetensors(path, old);
  expect(await readWeights(path, model)).toEqual(weights);
});

it('names a tensor that is missing, of another shape, or unknown', async () => {
  await writeSafetensors(path, stored().slice(1));
  await expect(readWeights(path, model)).rejects.toThrow(/word_embeddings.weight is missing/);
  await writeSafetensors(path, stored());
  await expect(readWeights(path, tinyModel({ vocab_size: 36 }))).rejects.toThrow(
    /shape \[37,32\], config.json asks for \[36,32\]/,
  );
  await expect(readWeights(path, tinyModel({ num_hidden_layers: 1 }))).rejects.toThrow(
    /layer\.1\..* has no place/,
  );
});
