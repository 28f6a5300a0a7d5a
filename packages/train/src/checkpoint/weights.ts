import { InputError } from '@mlm/base/errors';
import type { Adoption, Model, Weights } from '../models/model.js';
import { readSafetensors, type StoredTensor, writeSafetensors } from './safetensors.js';

/**
 * Reads a model's weights from a `model.safetensors`.
 * @throws InputError when a tensor is missing or does not have the shape that the configuration asks for
 */
export async function readWeights(path: string, { type, parameters, adoption }: Model): Promise<Weights> {
  const stored = adopt(await readSafetensors(path), adoption);
  const weights: Weights = new Map();
  for (const { name, shape } of parameters) {
    const tensor = stored.get(name);
    if (!tensor) {
      throw new InputError(`${path}: tensor ${name} is missing; expected a checkpoint of a ${type} for MLM`);
    }
    if (tensor.shape.join() !== shape.join()) {
      throw new InputError(
        `${path}: tensor ${name} has shape [${tensor.shape}], config.json asks for [${shape}]`,
      );
    }
    weights.set(name, tensor.values);
    stored.delete(name);
  }
  const unknown = [...stored.keys()].find((name) => !adoption.unused.some((pattern) => pattern.test(name)));
  if (unknown) throw new InputError(`${path}: tensor ${unknown} has no place in the ${type} of config.json`);
  return weights;
}

/** The tensors under the names of today, each once. */
function adopt(
  stored: Iterable<readonly [string, StoredTensor]>,
  { renamed, tied }: Adoption,
): Map<string, StoredTensor> {
  const adopted = new Map<string, StoredTensor>();
  for (const [name, tensor] of stored) {
    adopted.set(
      renamed.reduce((name, [pattern, replacement]) => name.replace(pattern, replacement), name),
      tensor,
    );
  }
  for (const [copy, name] of Object.entries(tied)) {
    const tensor = adopted.get(copy);
    adopted.delete(copy);
    if (tensor && !adopted.has(name)) adopted.set(name, tensor);
  }
  return adopted;
}

/** Writes a model's weights as transformers' `save_pretrained` does: the tied output matrix is left out. */
export async function writeWeights(path: string, { parameters }: Model, weights: Weights): Promise<void> {
  const tensors = parameters.map(({ name, shape }) => [name, { shape, values: weights.get(name)! }] as const);
  await writeSafetensors(path, tensors);
}
