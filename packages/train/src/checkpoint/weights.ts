import { InputError } from '@mlm/base/errors';
import type { BertConfig } from '../model/config.js';
import { parameterShapes, type Weights } from '../model/parameters.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';

/** Tensors that checkpoints carry and a masked language model does not train, or stores once for two uses. */
const ignored = [
  /^bert\.pooler\./,
  /^cls\.seq_relationship\./,
  /^cls\.predictions\.decoder\./,
  /position_ids$/,
];

/** Old checkpoints, converted from TensorFlow, call LayerNorm's weight and bias gamma and beta. */
function modernName(name: string): string {
  return name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
}

/**
 * Reads a model's weights from a `model.safetensors`.
 * @throws InputError when a tensor is missing or does not have the shape that the configuration asks for
 */
export async function readWeights(path: string, config: BertConfig): Promise<Weights> {
  const stored = new Map(
    [...(await readSafetensors(path))].map(([name, tensor]) => [modernName(name), tensor]),
  );
  const decoderBias = stored.get('cls.predictions.decoder.bias');
  if (decoderBias && !stored.has('cls.predictions.bias')) stored.set('cls.predictions.bias', decoderBias);
  const weights: Weights = new Map();
  for (const [name, shape] of parameterShapes(config)) {
    const tensor = stored.get(name);
    if (!tensor) {
      throw new InputError(`${path}: tensor ${name} is missing; expected a BertForMaskedLM checkpoint`);
    }
    if (tensor.shape.join() !== shape.join()) {
      throw new InputError(
        `${path}: tensor ${name} has shape [${tensor.shape}], config.json asks for [${shape}]`,
      );
    }
    weights.set(name, tensor.values);
    stored.delete(name);
  }
  const unknown = [...stored.keys()].find((name) => !ignored.some((pattern) => pattern.test(name)));
  if (unknown)
    throw new InputError(`${path}: tensor ${unknown} has no place in a BertForMaskedLM of config.json`);
  return weights;
}

/** Writes a model's weights as transformers' `save_pretrained` does: the tied output matrix is left out. */
export async function writeWeights(path: string, config: BertConfig, weights: Weights): Promise<void> {
  const tensors = [...parameterShapes(config)].map(
    ([name, shape]) => [name, { shape, values: weights.get(name)! }] as const,
  );
  await writeSafetensors(path, tensors);
}
