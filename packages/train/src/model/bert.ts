import * as tf from '@tensorflow/tfjs-core';
import type { BertConfig } from './config.js';
import { type Dropout, noDropout } from './dropout.js';
import { activate, layerNorm, linear } from './operations.js';
import { embeddingNames, headNames, layerName } from './parameters.js';

/** The model's parameters as tensors, under the names of {@link parameterShapes}. */
export type ModelTensors = Readonly<Record<string, tf.Tensor>>;

export interface Sequences {
  /** int32 [batch, sequence]. */
  input_ids: tf.Tensor;
  /** float32 [batch, sequence]: 1 on tokens, 0 on padding. */
  attention_mask: tf.Tensor;
  /** int32 [batch, sequence]; all 0 when left out. */
  token_type_ids?: tf.Tensor;
}

/** Added to the attention scores of padding; exp of it is 0 in float32. */
const paddingScore = -1e9;

/**
 * BERT (Devlin et al. 2018, arXiv:1810.04805): the last hidden states [batch · sequence, hidden] of packed
 * sequences.
 */
export function bertEncoder(
  config: BertConfig,
  parameters: ModelTensors,
  sequences: Sequences,
  dropout: Dropout = noDropout,
): tf.Tensor {
  const [batch, sequence] = sequences.input_ids.shape as [number, number];
  const { hidden_dropout_prob: rate, layer_norm_eps: epsilon } = config;
  const parameter = (name: string) => parameters[name]!;
  const dense = (x: tf.Tensor, name: string) =>
    linear(x, parameter(`${name}.weight`), parameter(`${name}.bias`));
  const norm = (x: tf.Tensor, name: string) =>
    layerNorm(x, parameter(`${name}.weight`), parameter(`${name}.bias`), epsilon);

  let stream = 0;
  let x = norm(embed(config, parameters, sequences), embeddingNames.norm);
  x = dropout(x, rate, stream++);
  const padding = tf.mul(tf.sub(1, sequences.attention_mask), paddingScore);
  const bias = tf.reshape(padding, [batch, 1, 1, sequence]);
  for (let index = 0; index < config.num_hidden_layers; index++) {
    const layer = layerName(index);
    const [query, key, value] = ['query', 'key', 'value'].map((part) =>
      splitHeads(config, dense(x, `${layer}.attention.self.${part}`), batch, sequence),
    );
    const context = attention(config, query!, key!, value!, bias, dropout, stream++);
    const attended = dropout(dense(context, `${layer}.attention.output.dense`), rate, stream++);
    x = norm(tf.add(x, attended), `${layer}.attention.output.LayerNorm`);
    const expanded = activate(dense(x, `${layer}.intermediate.dense`), config.hidden_act);
    const contracted = dropout(dense(expanded, `${layer}.output.dense`), rate, stream++);
    x = norm(tf.add(x, contracted), `${layer}.output.LayerNorm`);
  }
  return x;
}

/** Word, position and token type embeddings, summed: [batch · sequence, hidden]. */
function embed(config: BertConfig, parameters: ModelTensors, sequences: Sequences): tf.Tensor {
  const { input_ids, token_type_ids } = sequences;
  const { hidden_size: hidden } = config;
  const [batch, sequence] = input_ids.shape as [number, number];
  const rowsOf = (table: string, ids: tf.Tensor) =>
    tf.reshape(tf.gather(parameters[table]!, tf.reshape(ids, [batch * sequence])), [batch, sequence, hidden]);
  const words = rowsOf(embeddingNames.word, input_ids);
  const positions = tf.slice(parameters[embeddingNames.position]!, [0, 0], [sequence, hidden]);
  const types = token_type_ids
    ? rowsOf(embeddingNames.tokenType, token_type_ids)
    : tf.slice(parameters[embeddingNames.tokenType]!, [0, 0], [1, hidden]);
  return tf.reshape(tf.add(words, tf.add(positions, types)), [batch * sequence, hidden]);
}

/** [batch · sequence, hidden] → [batch, heads, sequence, hidden / heads]. */
function splitHeads(config: BertConfig, x: tf.Tensor, batch: number, sequence: number): tf.Tensor {
  const { num_attention_heads: heads, hidden_size: hidden } = config;
  return tf.transpose(tf.reshape(x, [batch, sequence, heads, hidden / heads]), [0, 2, 1, 3]);
}

/** Scaled dot-product attention, its heads joined again: [batch · sequence, hidden]. */
function attention(
  config: BertConfig,
  query: tf.Tensor,
  key: tf.Tensor,
  value: tf.Tensor,
  bias: tf.Tensor,
  dropout: Dropout,
  stream: number,
): tf.Tensor {
  const [batch, heads, sequence, size] = query.shape as [number, number, number, number];
  const scores = tf.add(tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(size)), bias);
  const probabilities = dropout(tf.softmax(scores), config.attention_probs_dropout_prob, stream);
  const context = tf.transpose(tf.matMul(probabilities, value), [0, 2, 1, 3]);
  return tf.reshape(context, [batch * sequence, heads * size]);
}

/** The hidden states that the output layer decodes: those at `masked_positions` (int32 [masked], indices into batch · sequence), or all. */
export function predictionHidden(
  config: BertConfig,
  parameters: ModelTensors,
  hidden: tf.Tensor,
  masked_positions?: tf.Tensor,
): tf.Tensor {
  const parameter = (name: string) => parameters[name]!;
  const selected = masked_positions ? tf.gather(hidden, masked_positions) : hidden;
  const dense = linear(
    selected,
    parameter(`${headNames.dense}.weight`),
    parameter(`${headNames.dense}.bias`),
  );
  return layerNorm(
    activate(dense, config.hidden_act),
    parameter(`${headNames.norm}.weight`),
    parameter(`${headNames.norm}.bias`),
    config.layer_norm_eps,
  );
}

/** The scores of every vocabulary id, [masked, vocabulary]: the output layer shares the word embeddings. */
export function predictionLogits(parameters: ModelTensors, decoded: tf.Tensor): tf.Tensor {
  return linear(decoded, parameters[embeddingNames.word]!, parameters[headNames.bias]!);
}
