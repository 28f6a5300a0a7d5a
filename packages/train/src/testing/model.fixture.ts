import { mkdir } from 'node:fs/promises';
import { writeCheckpoint } from '../checkpoint/checkpoint.js';
import { type BertConfig, presetConfig } from '../model/config.js';
import { initializeWeights } from '../model/initialize.js';

/** A model small enough that a step takes milliseconds. */
export const tinyConfig: BertConfig = {
  ...presetConfig('bert-tiny', 37),
  hidden_size: 32,
  intermediate_size: 64,
  max_position_embeddings: 128,
  initializer_range: 0.2,
};

export async function writeTinyModel(
  folder: string,
  config: Partial<BertConfig> = {},
  tokenizerFiles: Record<string, string> = {},
): Promise<void> {
  const full = { ...tinyConfig, ...config };
  await mkdir(folder);
  await writeCheckpoint(folder, { config: full, weights: initializeWeights(full, 3), tokenizerFiles });
}
