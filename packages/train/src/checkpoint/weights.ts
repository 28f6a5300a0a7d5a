import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@mlm/base/errors';
import { parseJson, shown } from '@mlm/base/json';
import { initialValues } from '../models/initialize.js';
import type { Adoption, Model, Weights } from '../models/model.js';
import { readSafetensors, type StoredTensor, writeSafetensors } from './safetensors.js';

export const weightsFile = 'model.safetensors';
/** Index of weights that are saved in several files. */
export const weightsIndexFile = 'model.safetensors.index.json';

/** Weights as a model takes them, with one line for each tensor that it has no place for. */
export interface ReadWeights {
  weights: Weights;
  notes: string[];
}

/**
 * Reads a model's weights from a checkpoint's folder. Every stored tensor is used, checked against the parameter it is
 * tied to, mentioned in a note, or refused.
 *
 * @param files the folder's files
 * @param headSeed initializes an output layer that the checkpoint lacks; without a seed, such a checkpoint is refused
 * @throws InputError when a tensor is missing, has a shape other than the configuration's, or holds infinity or NaN
 */
export async function readWeights(
  folder: string,
  files: readonly string[],
  model: Model,
  headSeed?: number,
): Promise<ReadWeights> {
  const { type, parameters, adoption } = model;
  const stored = adopt(await readStored(folder, files), model, folder);
  const weights: Weights = new Map();
  const notes: string[] = [];
  const headless = parameters.every(({ name, layer }) => layer !== 'head' || !stored.has(name));
  if (headless && headSeed === undefined) {
    throw new InputError(
      `${folder}: has no output layer for masked language modeling (a ${type} without a head); train it first`,
    );
  }
  for (const [index, parameter] of parameters.entries()) {
    const { name, shape, layer } = parameter;
    const tensor = stored.get(name);
    if (!tensor && layer === 'head' && headless) {
      weights.set(name, initialValues(parameter, headSeed!, index));
      continue;
    }
    if (!tensor) {
      throw new InputError(
        `${folder}: tensor ${name} is missing; expected the weights of the ${type} of config.json, in floating point`,
      );
    }
    if (tensor.shape.join() !== shape.join()) {
      throw new InputError(
        `${folder}: tensor ${name} has shape [${tensor.shape}], config.json asks for [${shape}]`,
      );
    }
    refuseNonFinite(tensor.values, `${folder}: tensor ${name}`);
    weights.set(name, tensor.values);
    stored.delete(name);
  }
  if (headless)
    notes.push(`${folder}: has no output layer for masked language modeling; a new one is initialized`);
  const left = [...stored.keys()];
  const unknown = left.find((name) => !headless && !adoption.unused.some((pattern) => pattern.test(name)));
  if (unknown)
    throw new InputError(`${folder}: tensor ${unknown} has no place in the ${type} of config.json`);
  if (left.length > 0) {
    notes.push(`${folder}: not part of a masked language model, and ignored: ${left.join(', ')}`);
  }
  return { weights, notes };
}

function refuseNonFinite(values: Float32Array, what: string): void {
  // Zero times infinity or NaN is NaN: a sum of products takes a tenth of the time of a test of each value.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += 0 * values[i]!;
  if (sum === 0) return;
  const value = values.find((value) => !Number.isFinite(value));
  throw new InputError(
    `${what} holds ${value}, expected finite numbers: its training diverged, or float16 was too narrow for it`,
  );
}

/** The tensors of the one file, or of all shards. */
async function readStored(folder: string, files: readonly string[]): Promise<Map<string, StoredTensor>> {
  if (files.includes(weightsFile)) return readSafetensors(join(folder, weightsFile));
  if (files.includes(weightsIndexFile)) {
    const tensors = new Map<string, StoredTensor>();
    for (const shard of await shardNames(join(folder, weightsIndexFile))) {
      if (!files.includes(shard))
        throw new InputError(
          `${folder}: ${shard} is missing, which ${weightsIndexFile} names; fetch it, too`,
        );
      for (const [name, tensor] of await readSafetensors(join(folder, shard))) tensors.set(name, tensor);
    }
    return tensors;
  }
  const other = files.find((name) => /^pytorch_model.*\.bin(\.index\.json)?$/.test(name));
  if (!other) throw new InputError(`${folder}: has no ${weightsFile}; expected a checkpoint's folder`);
  throw new InputError(
    `${join(folder, other)}: PyTorch's pickled weights are not read, only ${weightsFile}; convert them: ` +
      `python -c "from transformers import AutoModelForMaskedLM as M; M.from_pretrained('${folder}').save_pretrained('${folder}')"`,
  );
}

/** The files that an index names, each once; all are in its folder. */
export async function shardNames(indexPath: string): Promise<string[]> {
  let index: { weight_map?: unknown } | null;
  try {
    index = parseJson(await readFile(indexPath, 'utf8')) as typeof index;
  } catch (error) {
    throw new InputError(`${indexPath}: not valid JSON (${(error as Error).message})`);
  }
  const map = index?.weight_map;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw new InputError(`${indexPath}: has no "weight_map"; expected an index of safetensors files`);
  }
  const names = [...new Set(Object.values(map))];
  for (const name of names) {
    if (typeof name === 'string' && /^[\w-][\w.-]*\.safetensors$/.test(name)) continue;
    throw new InputError(
      `${indexPath}: names the shard ${shown(name)}, expected a .safetensors file beside it`,
    );
  }
  return names as string[];
}

/** The tensors under their current names, tied ones once. */
function adopt(
  stored: ReadonlyMap<string, StoredTensor>,
  { parameters, adoption }: Model,
  folder: string,
): Map<string, StoredTensor> {
  const known = new Set(parameters.map(({ name }) => name));
  const adopted = new Map<string, StoredTensor>();
  for (const [old, tensor] of stored) {
    const name = nameOfToday(old, adoption, known);
    if (adopted.has(name)) throw new InputError(`${folder}: holds tensor ${name} twice, also as ${old}`);
    adopted.set(name, tensor);
  }
  for (const [copy, name] of Object.entries(adoption.tied)) {
    const tensor = adopted.get(copy);
    if (!tensor) continue;
    adopted.delete(copy);
    const used = adopted.get(name);
    if (!used) adopted.set(name, tensor);
    else if (!isEqual(tensor, used)) {
      throw new InputError(
        `${folder}: tensor ${copy} is not equal to ${name}, to which it is tied; an untied decoder is not supported`,
      );
    }
  }
  return adopted;
}

function nameOfToday(old: string, { renamed, prefix }: Adoption, known: ReadonlySet<string>): string {
  const name = renamed.reduce((name, [pattern, replacement]) => name.replace(pattern, replacement), old);
  // The model without a head saves the same tensors without its name as a prefix.
  return !known.has(name) && known.has(`${prefix}${name}`) ? `${prefix}${name}` : name;
}

function isEqual(a: StoredTensor, b: StoredTensor): boolean {
  const bytes = ({ values }: StoredTensor) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return a.shape.join() === b.shape.join() && bytes(a).equals(bytes(b));
}

/** Writes a model's weights as transformers' `save_pretrained` does: the tied output matrix is left out. */
export async function writeWeights(path: string, { parameters }: Model, weights: Weights): Promise<void> {
  const tensors = parameters.map(({ name, shape }) => [name, { shape, values: weights.get(name)! }] as const);
  await writeSafetensors(path, tensors);
}
