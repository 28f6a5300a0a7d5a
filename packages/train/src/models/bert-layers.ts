import { mapTuple } from '@mlm/base/tuple';
import * as tf from '@tensorflow/tfjs-core';
import { attend, documentPositions, splitHeads } from './attention.js';
import type { BertConfig } from './bert-config.js';
import {
  type Activation,
  activate,
  embeddingParameter,
  layerNorm,
  linear,
  linearParameters,
  lookUp,
  normParameters,
} from './layers.js';
import type { Dropout, Limits, ModelTensors, Parameter, Sequences, ThroughLayer } from './model.js';

// The embeddings and layers that BERT shares with the models that adopted them under other names.

/** The names of a layer's tensors, without `.weight` and `.bias`. */
export interface LayerNames {
  query: string;
  key: string;
  value: string;
  /** The projection of the joined heads. */
  attended: string;
  attendedNorm: string;
  /** The projections to the inner size, and back to the hidden size. */
  expand: string;
  contract: string;
  contractedNorm: string;
}

/** The names of a layer in checkpoints of BERT, RoBERTa and ELECTRA. */
export function bertLayerNames(model: string, index: number): LayerNames {
  const layer = `${model}.encoder.layer.${index}`;
  return {
    query: `${layer}.attention.self.query`,
    key: `${layer}.attention.self.key`,
    value: `${layer}.attention.self.value`,
    attended: `${layer}.attention.output.dense`,
    attendedNorm: `${layer}.attention.output.LayerNorm`,
    expand: `${layer}.intermediate.dense`,
    contract: `${layer}.output.dense`,
    contractedNorm: `${layer}.output.LayerNorm`,
  };
}

/** The parameters of a layer. @param index the layer's number, from 0 at the bottom */
export function layerParameters(
  names: LayerNames,
  { hidden, intermediate }: Pick<Limits, 'hidden' | 'intermediate'>,
  deviation: number,
  index: number,
): Parameter[] {
  const dense = (name: string, output: number, input: number) =>
    linearParameters(name, [output, input], deviation, index);
  return [
    ...dense(names.query, hidden, hidden),
    ...dense(names.key, hidden, hidden),
    ...dense(names.value, hidden, hidden),
    ...dense(names.attended, hidden, hidden),
    ...normParameters(names.attendedNorm, hidden, index),
    ...dense(names.expand, intermediate, hidden),
    ...dense(names.contract, hidden, intermediate),
    ...normParameters(names.contractedNorm, hidden, index),
  ];
}

/** What a layer depends on besides its weights. */
export interface LayerSettings {
  batch: number;
  sequence: number;
  heads: number;
  activation: Activation;
  epsilon: number;
  /** Dropout rates of the attention probabilities, and of the outputs of attention and of the feed-forward network. */
  rates: { attention: number; attended: number; contracted: number };
  /** Added to the attention scores, see {@link attentionBias}. */
  bias: tf.Tensor;
  dropout: Dropout;
}

/** Number of dropout streams that a layer uses. */
export const layerStreams = 3;

/**
 * A layer of BERT: attention and a feed-forward network, each followed by a residual connection and normalization.
 *
 * @param x float32 [batch · sequence, hidden]
 * @param stream the first of the layer's {@link layerStreams} dropout streams
 * @returns float32 [batch · sequence, hidden]
 */
export function layer(
  x: tf.Tensor,
  tensors: ModelTensors,
  names: LayerNames,
  { batch, sequence, heads, activation, epsilon, rates, bias, dropout }: LayerSettings,
  stream: number,
): tf.Tensor {
  const [query, key, value] = mapTuple([names.query, names.key, names.value], (name) =>
    splitHeads(linear(x, tensors, name), [batch, sequence, heads]),
  );
  const context = attend(query, key, value, bias, { dropout, rate: rates.attention, stream });
  const attended = dropout(linear(context, tensors, names.attended), rates.attended, stream + 1);
  const normalized = layerNorm(tf.add(x, attended), tensors, names.attendedNorm, epsilon);
  const expanded = activate(linear(normalized, tensors, names.expand), activation);
  const contracted = dropout(linear(expanded, tensors, names.contract), rates.contracted, stream + 2);
  return layerNorm(tf.add(normalized, contracted), tensors, names.contractedNorm, epsilon);
}

/** The parameters of word, position and token type embeddings of size `width`, and of their normalization. */
export function embeddingParameters(model: string, config: BertConfig, width: number): Parameter[] {
  const table = (name: string, rows: number, zeroRow?: number) =>
    embeddingParameter(
      `${model}.embeddings.${name}.weight`,
      [rows, width],
      config.initializer_range,
      zeroRow,
    );
  return [
    table('word_embeddings', config.vocab_size, config.pad_token_id),
    table('position_embeddings', config.max_position_embeddings),
    table('token_type_embeddings', config.type_vocab_size),
    ...normParameters(`${model}.embeddings.LayerNorm`, width, 'embeddings'),
  ];
}

/** The name of the word embeddings. */
export const wordsOf = (model: string) => `${model}.embeddings.word_embeddings.weight`;

/**
 * The normalized sum of word, position and token type embeddings: float32 [batch · sequence, width].
 *
 * @param positionIds int32 [batch, sequence]. Default: counted from 0 in each document
 */
export function embed(
  model: string,
  tensors: ModelTensors,
  sequences: Sequences,
  epsilon: number,
  positionIds: tf.Tensor | undefined = documentPositions(sequences),
): tf.Tensor {
  const { input_ids, token_type_ids } = sequences;
  const [batch, sequence] = input_ids.shape as [number, number];
  const types = tensors[`${model}.embeddings.token_type_embeddings.weight`]!;
  const positions = tensors[`${model}.embeddings.position_embeddings.weight`]!;
  const width = types.shape[1]!;
  const sum = tf.add(
    lookUp(tensors[wordsOf(model)]!, input_ids),
    tf.add(
      positionIds ? lookUp(positions, positionIds) : tf.slice(positions, [0, 0], [sequence, width]),
      token_type_ids ? lookUp(types, token_type_ids) : tf.slice(types, [0, 0], [1, width]),
    ),
  );
  const joined = tf.reshape(sum, [batch * sequence, width]);
  return layerNorm(joined, tensors, `${model}.embeddings.LayerNorm`, epsilon);
}

/**
 * The layers of BERT, RoBERTa and ELECTRA.
 *
 * @param embedded float32 [batch · sequence, hidden]
 * @param stream the layers' first dropout stream
 * @returns the last hidden states, float32 [batch · sequence, hidden]
 */
export function encodeLayers(
  model: string,
  config: BertConfig,
  embedded: tf.Tensor,
  through: ThroughLayer,
  settings: Pick<LayerSettings, 'batch' | 'sequence' | 'bias' | 'dropout'>,
  stream: number,
): tf.Tensor {
  const { hidden_dropout_prob: rate } = config;
  const all: LayerSettings = {
    ...settings,
    heads: config.num_attention_heads,
    activation: config.hidden_act,
    epsilon: config.layer_norm_eps,
    rates: { attention: config.attention_probs_dropout_prob, attended: rate, contracted: rate },
  };
  let x = embedded;
  for (let index = 0; index < config.num_hidden_layers; index++) {
    x = through(index, x, { bias: settings.bias }, (x, tensors, { bias }) =>
      layer(x, tensors, bertLayerNames(model, index), { ...all, bias }, stream + layerStreams * index),
    );
  }
  return x;
}
