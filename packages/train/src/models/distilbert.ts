import * as tf from '@tensorflow/tfjs-core';
import { attentionBias, documentPositions } from './attention.js';
import { refuseUnevenHeads } from './bert-config.js';
import { type LayerNames, layer, layerParameters, layerStreams } from './bert-layers.js';
import {
  type Activation,
  activate,
  activations,
  biasParameter,
  embeddingParameter,
  layerNorm,
  linear,
  linearParameters,
  lookUp,
  normParameters,
} from './layers.js';
import type { Limits, MaskedLanguageModel } from './model.js';

/** DistilBERT's configuration, with the names of transformers' `DistilBertConfig`. */
export interface DistilBertConfig {
  vocab_size: number;
  max_position_embeddings: number;
  n_layers: number;
  n_heads: number;
  /** The hidden size. */
  dim: number;
  /** The inner size of the feed-forward network. */
  hidden_dim: number;
  dropout: number;
  attention_dropout: number;
  activation: Activation;
  initializer_range: number;
  pad_token_id: number;
}

const words = 'distilbert.embeddings.word_embeddings.weight';
const positions = 'distilbert.embeddings.position_embeddings.weight';
const embeddingNorm = 'distilbert.embeddings.LayerNorm';
const epsilon = 1e-12;

const limits = (config: DistilBertConfig): Limits => ({
  vocabulary: config.vocab_size,
  positions: config.max_position_embeddings,
  padId: config.pad_token_id,
  tokenTypes: 0,
  layers: config.n_layers,
  ownLayers: config.n_layers,
  hidden: config.dim,
  intermediate: config.hidden_dim,
  heads: config.n_heads,
  attended: (sequence) => sequence,
});

function layerNames(index: number): LayerNames {
  const name = `distilbert.transformer.layer.${index}`;
  return {
    query: `${name}.attention.q_lin`,
    key: `${name}.attention.k_lin`,
    value: `${name}.attention.v_lin`,
    attended: `${name}.attention.out_lin`,
    attendedNorm: `${name}.sa_layer_norm`,
    expand: `${name}.ffn.lin1`,
    contract: `${name}.ffn.lin2`,
    contractedNorm: `${name}.output_layer_norm`,
  };
}

/** DistilBERT (Sanh et al. 2019, arXiv:1910.01108), like transformers' `DistilBertForMaskedLM`: no token types. */
export const distilbert: MaskedLanguageModel<DistilBertConfig> = {
  type: 'distilbert',
  architecture: 'DistilBertForMaskedLM',

  presets: {
    'distilbert-tiny': { n_layers: 2, dim: 128, n_heads: 2, hidden_dim: 512 },
    'distilbert-base': {},
  },

  afresh: ({ vocabulary, pad }) => ({ vocab_size: vocabulary, pad_token_id: pad }),

  parse(fields) {
    fields.refuse('sinusoidal_pos_embds', true, 'learned positions');
    fields.refuse('tie_word_embeddings', false, 'a decoder tied to the embeddings');
    const config: DistilBertConfig = {
      vocab_size: fields.size('vocab_size', 30522, 'vocabulary'),
      max_position_embeddings: fields.size('max_position_embeddings', 512),
      n_layers: fields.size('n_layers', 6, 'layers'),
      n_heads: fields.size('n_heads', 12),
      dim: fields.size('dim', 768),
      hidden_dim: fields.size('hidden_dim', 3072),
      dropout: fields.rate('dropout', 0.1),
      attention_dropout: fields.rate('attention_dropout', 0.1),
      activation: fields.oneOf('activation', activations, 'gelu'),
      initializer_range: fields.real('initializer_range', 0.02),
      pad_token_id: fields.count('pad_token_id', 0),
    };
    refuseUnevenHeads(fields.source, config.dim, config.n_heads);
    return config;
  },

  format: (config) => ({ ...config, sinusoidal_pos_embds: false, tie_word_embeddings: true }),

  dropoutRates: ['dropout', 'attention_dropout'],
  limits,

  parameters(config) {
    const { dim, initializer_range: deviation } = config;
    return [
      embeddingParameter(words, [config.vocab_size, dim], deviation, config.pad_token_id),
      embeddingParameter(positions, [config.max_position_embeddings, dim], deviation),
      ...normParameters(embeddingNorm, dim, 'embeddings'),
      ...Array.from({ length: config.n_layers }, (_, index) =>
        layerParameters(layerNames(index), limits(config), deviation, index),
      ).flat(),
      ...linearParameters('vocab_transform', [dim, dim], deviation, 'head'),
      ...normParameters('vocab_layer_norm', dim, 'head'),
      biasParameter('vocab_projector.bias', config.vocab_size, 'head'),
    ];
  },

  encode(config, tensors, sequences, dropout, through) {
    const { input_ids } = sequences;
    const [batch, sequence] = input_ids.shape as [number, number];
    const positionIds = documentPositions(sequences);
    const summed = tf.add(
      lookUp(tensors[words]!, input_ids),
      positionIds
        ? lookUp(tensors[positions]!, positionIds)
        : tf.slice(tensors[positions]!, [0, 0], [sequence, config.dim]),
    );
    const joined = tf.reshape(summed, [batch * sequence, config.dim]);
    let x = dropout(layerNorm(joined, tensors, embeddingNorm, epsilon), config.dropout, 0);
    const settings = {
      batch,
      sequence,
      heads: config.n_heads,
      activation: config.activation,
      epsilon,
      rates: { attention: config.attention_dropout, attended: 0, contracted: config.dropout },
      bias: attentionBias(sequences),
      dropout,
    };
    for (let index = 0; index < config.n_layers; index++) {
      x = through(index, x, { bias: settings.bias }, (x, tensors, { bias }) =>
        layer(x, tensors, layerNames(index), { ...settings, bias }, 1 + layerStreams * index),
      );
    }
    return x;
  },

  head(config, tensors, hidden) {
    const transformed = activate(linear(hidden, tensors, 'vocab_transform'), config.activation);
    return {
      states: layerNorm(transformed, tensors, 'vocab_layer_norm', epsilon),
      table: tensors[words]!,
      bias: tensors['vocab_projector.bias']!,
    };
  },

  adoption: {
    prefix: 'distilbert.',
    renamed: [],
    tied: { 'vocab_projector.weight': words },
    unused: [/position_ids$/],
  },
};
