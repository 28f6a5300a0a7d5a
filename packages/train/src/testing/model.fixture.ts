import { mkdir } from 'node:fs/promises';
import { writeCheckpoint } from '../checkpoint/checkpoint.js';
import { type BertConfig, bert } from '../models/bert.js';
import { ConfigFields } from '../models/fields.js';
import { initializeWeights } from '../models/initialize.js';
import type { Model } from '../models/model.js';
import { modelOf } from '../models/model-of.js';

/** A model small enough that a step takes milliseconds. */
export const tinyConfig: BertConfig = {
  ...bert.parse(new ConfigFields({ ...bert.presets['bert-tiny'], vocab_size: 37 }, 'bert-tiny')),
  hidden_size: 32,
  intermediate_size: 64,
  max_position_embeddings: 128,
  initializer_range: 0.2,
};

export const tinyModel = (config: Partial<BertConfig> = {}): Model =>
  modelOf(bert, { ...tinyConfig, ...config });

export async function writeTinyModel(
  folder: string,
  config: Partial<BertConfig> = {},
  tokenizerFiles: Record<string, string> = {},
): Promise<void> {
  const model = tinyModel(config);
  await mkdir(folder);
  await writeCheckpoint(folder, { model, weights: initializeWeights(model, 3), tokenizerFiles });
}
