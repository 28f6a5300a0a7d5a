import type { BertConfig } from './config.js';

/** Names, shapes and float32 values of a model's weights, under Hugging Face's tensor names and layouts. */
export type Weights = Map<string, Float32Array>;

export const embeddingNames = {
  word: 'bert.embeddings.word_embeddings.weight',
  position: 'bert.embeddings.position_embeddings.weight',
  tokenType: 'bert.embeddings.token_type_embeddings.weight',
  norm: 'bert.embeddings.LayerNorm',
} as const;

export const headNames = {
  dense: 'cls.predictions.transform.dense',
  norm: 'cls.predictions.transform.LayerNorm',
  bias: 'cls.predictions.bias',
} as const;

/** Prefix of the parameters of encoder layer `index`, counted from 0. */
export function layerName(index: number): string {
  return `bert.encoder.layer.${index}`;
}

/**
 * Shape of each trained parameter, in the order of transformers' `BertForMaskedLM.named_parameters()`.
 * A linear weight is [out, in]. The output layer shares the word embeddings, so it has only a bias of its own.
 */
export function parameterShapes(config: BertConfig): Map<string, readonly number[]> {
  const { hidden_size: hidden, intermediate_size: intermediate } = config;
  const shapes = new Map<string, readonly number[]>();
  const linear = (name: string, output: number, input: number) => {
    shapes.set(`${name}.weight`, [output, input]);
    shapes.set(`${name}.bias`, [output]);
  };
  const norm = (name: string) => {
    shapes.set(`${name}.weight`, [hidden]);
    shapes.set(`${name}.bias`, [hidden]);
  };
  shapes.set(embeddingNames.word, [config.vocab_size, hidden]);
  shapes.set(embeddingNames.position, [config.max_position_embeddings, hidden]);
  shapes.set(embeddingNames.tokenType, [config.type_vocab_size, hidden]);
  norm(embeddingNames.norm);
  for (let index = 0; index < config.num_hidden_layers; index++) {
    const layer = layerName(index);
    for (const part of ['query', 'key', 'value']) linear(`${layer}.attention.self.${part}`, hidden, hidden);
    linear(`${layer}.attention.output.dense`, hidden, hidden);
    norm(`${layer}.attention.output.LayerNorm`);
    linear(`${layer}.intermediate.dense`, intermediate, hidden);
    linear(`${layer}.output.dense`, hidden, intermediate);
    norm(`${layer}.output.LayerNorm`);
  }
  shapes.set(headNames.bias, [config.vocab_size]);
  linear(headNames.dense, hidden, hidden);
  norm(headNames.norm);
  return shapes;
}

/** Whether weight decay applies: to all but biases and LayerNorm, as transformers' Trainer has it. */
export function hasWeightDecay(name: string): boolean {
  return !name.endsWith('.bias') && !name.includes('LayerNorm');
}

/**
 * Whether a parameter belongs to the frozen lower part of the model.
 *
 * @param layers how many encoder layers, from the bottom, are frozen; the embeddings freeze with any
 */
export function isFrozen(name: string, layers: number): boolean {
  if (layers <= 0) return false;
  if (name.startsWith('bert.embeddings.')) return true;
  const layer = /^bert\.encoder\.layer\.(\d+)\./.exec(name);
  return layer !== null && Number(layer[1]) < layers;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** How many numbers training adjusts. */
export function parameterCount(config: BertConfig): number {
  return [...parameterShapes(config).values()].reduce((sum, shape) => sum + elementCount(shape), 0);
}
