import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tokenizerFileNames } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import { parseModel } from '../models/index.js';
import type { Model, Weights } from '../models/model.js';
import { type ReadWeights, readWeights, weightsFile, writeWeights } from './weights.js';

/** A model stored in a folder that transformers' `AutoModelForMaskedLM` and `AutoTokenizer` open. */
export interface Checkpoint {
  model: Model;
  weights: Weights;
  /** The tokenizer's files as text: tokenizer.json, tokenizer_config.json, vocab.txt … */
  tokenizerFiles: Record<string, string>;
}

/** The file with a model's configuration. */
export const configFile = 'config.json';

/** Whether a file of this name can belong to a checkpoint that {@link writeCheckpoint} wrote. */
export const isCheckpointFile = (name: string): boolean =>
  name === configFile || name === weightsFile || (tokenizerFileNames as readonly string[]).includes(name);

/**
 * Reads a model without its weights.
 *
 * @throws InputError when the folder holds no checkpoint of a supported model
 *
 * @example
 * ```ts
 * import { readModel } from '@mlm/train';
 *
 * const { type, limits } = await readModel('out-bert-tiny');
 * ```
 */
export async function readModel(folder: string): Promise<Model> {
  return parseModel(await readText(folder, configFile), join(folder, configFile));
}

/**
 * Whether the folder holds weights, of any framework; a `config.json` without weights describes a model to initialize
 * afresh.
 */
export async function hasWeights(folder: string): Promise<boolean> {
  return (await readdir(folder)).some((name) =>
    /\.(safetensors|bin|h5|msgpack|ckpt)$|\.index\.json$/.test(name),
  );
}

/**
 * Reads a model, its weights and its tokenizer's files from a folder.
 *
 * @param headSeed initializes an output layer that the checkpoint lacks; without a seed, such a checkpoint is refused
 * @returns `notes` has one line for each thing initialized or left out
 * @throws InputError when the folder holds no complete checkpoint of a masked language model
 *
 * @example
 * ```ts
 * import { readCheckpoint } from '@mlm/train';
 *
 * const { model, weights } = await readCheckpoint('out-bert-tiny');
 * console.log(model.type, weights.size);
 * ```
 */
export async function readCheckpoint(
  folder: string,
  headSeed?: number,
): Promise<Checkpoint & Pick<ReadWeights, 'notes'>> {
  const model = await readModel(folder);
  const present = await readdir(folder);
  const { weights, notes } = await readWeights(folder, present, model, headSeed);
  const tokenizerFiles: Record<string, string> = {};
  for (const name of tokenizerFileNames.filter((name) => present.includes(name))) {
    tokenizerFiles[name] = await readText(folder, name);
  }
  return { model, weights, tokenizerFiles, notes };
}

async function readText(folder: string, name: string): Promise<string> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(
      `${join(folder, name)}: ${code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`}; expected a checkpoint folder with ${configFile} and ${weightsFile}`,
    );
  }
}

/**
 * Writes a checkpoint's files into an existing folder. Callers that must never leave half a checkpoint write into a
 * folder of another name and rename it.
 */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  await writeWeights(join(folder, weightsFile), checkpoint.model, checkpoint.weights);
  for (const [name, text] of Object.entries(checkpoint.tokenizerFiles)) {
    await writeFile(join(folder, name), text);
  }
  await writeFile(join(folder, configFile), checkpoint.model.formatConfig());
}
