import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@mlm/base/errors';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { initializeWeights } from '../models/initialize.js';
import type { Model } from '../models/model.js';
import { temporaryFolder } from '../testing/dataset.fixture.js';
import { tinyModel } from '../testing/model.fixture.js';
import { type StoredTensor, writeSafetensors } from './safetensors.js';
import { readWeights, writeWeights } from './weights.js';

const folder = await temporaryFolder();
const path = folder.file('model.safetensors');
afterAll(() => folder.remove());
beforeEach(async () => {
  for (const name of await readdir(folder.path)) await rm(folder.file(name));
});

const model = tinyModel();
const weights = initializeWeights(model, 1);
const words = 'bert.embeddings.word_embeddings.weight';
const stored = (): [string, StoredTensor][] =>
  model.parameters.map(({ name, shape }) => [name, { shape, values: weights.get(name)! }]);
const read = async (as: Model = model, headSeed?: number) =>
  readWeights(folder.path, await readdir(folder.path), as, headSeed);
const unused: StoredTensor = { shape: [1], values: Float32Array.of(1) };

it('reads what it wrote', async () => {
  await writeWeights(path, model, weights);
  expect(await read()).toEqual({ weights, notes: [] });
});

it('reads old names, and notes that the pooler and next-sentence head are left out', async () => {
  const old = stored().map(([name, tensor]): [string, StoredTensor] => [
    name
      .replace('LayerNorm.weight', 'LayerNorm.gamma')
      .replace('LayerNorm.bias', 'LayerNorm.beta')
      .replace('cls.predictions.bias', 'cls.predictions.decoder.bias'),
    tensor,
  ]);
  old.push(['bert.pooler.dense.weight', unused], ['cls.seq_relationship.bias', unused]);
  await writeSafetensors(path, old);
  expect(await read()).toEqual({
    weights,
    notes: [
      `${folder.path}: not part of a masked language model, and ignored: bert.pooler.dense.weight, cls.seq_relationship.bias`,
    ],
  });
});

it('a tied tensor equals the other, replaces it if missing, or is refused', async () => {
  const decoder = 'cls.predictions.decoder.weight';
  const table = stored().find(([name]) => name === words)![1];
  await writeSafetensors(path, [...stored(), [decoder, table]]);
  expect(await read()).toEqual({ weights, notes: [] });
  await writeSafetensors(path, [...stored().filter(([name]) => name !== words), [decoder, table]]);
  expect(await read()).toEqual({ weights, notes: [] });
  const other = { ...table, values: table.values.with(7, 5) };
  await writeSafetensors(path, [...stored(), [decoder, other]]);
  await expect(read()).rejects.toThrow(/decoder.weight is not equal to .*word_embeddings.weight/);
});

it('reads shards by their index, which cannot lead outside the folder', async () => {
  const [first, second] = [stored().slice(0, 9), stored().slice(9)];
  await writeSafetensors(folder.file('model-00001-of-00002.safetensors'), first);
  await writeSafetensors(folder.file('model-00002-of-00002.safetensors'), second);
  const indexOf = (last: unknown) => ({
    weight_map: Object.fromEntries([
      ...first.map(([name]) => [name, 'model-00001-of-00002.safetensors']),
      ...second.map(([name]) => [name, last]),
    ]),
  });
  const write = (index: unknown) =>
    writeFile(folder.file('model.safetensors.index.json'), JSON.stringify(index));
  await write(indexOf('model-00002-of-00002.safetensors'));
  expect(await read()).toEqual({ weights, notes: [] });
  await write(indexOf('model-00003-of-00003.safetensors'));
  await expect(read()).rejects.toThrow(
    /: model-00003-of-00003.safetensors is missing, which .*index.json names/,
  );
  for (const name of ['../model.safetensors', '/etc/x.safetensors', 'x.bin', 5, null, '..safetensors']) {
    await write(indexOf(name));
    await expect(read()).rejects.toThrow(/names the shard .* expected a .safetensors file beside it/);
  }
  for (const index of [null, [], 5, 'x', {}, { weight_map: [] }]) {
    await write(index);
    await expect(read()).rejects.toThrow(InputError);
  }
});

it('initializes a missing head where that is allowed, and says so', async () => {
  const encoder = stored()
    .filter(([name]) => !name.startsWith('cls.'))
    .map(([name, tensor]): [string, StoredTensor] => [name.replace(/^bert\./, ''), tensor]);
  await writeSafetensors(path, [...encoder, ['pooler.dense.bias', unused], ['classifier.weight', unused]]);
  await expect(read()).rejects.toThrow(/has no output layer for masked language modeling .*train it first/);
  const { weights: drawn, notes } = await read(model, 1);
  // The seed is that of `weights`: each parameter is drawn as if all were.
  expect(drawn).toEqual(weights);
  expect(notes).toEqual([
    `${folder.path}: has no output layer for masked language modeling; a new one is initialized`,
    `${folder.path}: not part of a masked language model, and ignored: pooler.dense.bias, classifier.weight`,
  ]);
  await writeSafetensors(path, stored().slice(0, -1));
  await expect(read(model, 1)).rejects.toThrow(/transform.LayerNorm.bias is missing/);
});

it('names a missing, unknown or wrongly shaped tensor', async () => {
  await writeSafetensors(path, stored().slice(1));
  await expect(read()).rejects.toThrow(/word_embeddings.weight is missing/);
  await writeSafetensors(path, stored());
  await expect(read(tinyModel({ vocab_size: 36 }))).rejects.toThrow(
    /shape \[37,32\], config.json asks for \[36,32\]/,
  );
  await expect(read(tinyModel({ num_hidden_layers: 1 }))).rejects.toThrow(/layer\.1\..* has no place/);
});

it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses a weight that is %s', async (value) => {
  const [[name, { shape, values }], ...others] = stored() as [[string, StoredTensor]];
  await writeSafetensors(path, [[name, { shape, values: values.with(5, value) }], ...others]);
  await expect(read()).rejects.toThrow(`tensor ${name} holds ${value}, expected finite numbers`);
});

it('says how to convert PyTorch’s weights', async () => {
  await writeFile(join(folder.path, 'pytorch_model.bin'), '');
  await expect(read()).rejects.toThrow(/pytorch_model.bin: .* python -c "from transformers import/);
  await rm(join(folder.path, 'pytorch_model.bin'));
  await expect(read()).rejects.toThrow(/has no model.safetensors/);
});
