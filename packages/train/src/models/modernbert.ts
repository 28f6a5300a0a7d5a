import * as tf from '@tensorflow/tfjs-core';
import {
  attend,
  attendLocally,
  attentionBias,
  bandBias,
  documentPositions,
  splitHeads,
} from './attention.js';
import { activate, biasParameter, layerNorm, linear, lookUp } from './layers.js';
import type { Limits, MaskedLanguageModel, ModelTensors, Parameter } from './model.js';
import {
  type Attention,
  formatModernBertConfig,
  type ModernBertConfig,
  parseModernBertConfig,
} from './modernbert-config.js';
import { type RotaryAngles, rotary, rotaryAngles } from './rotary.js';

/** What all layers with the same kind of attention share. */
type Kept = RotaryAngles & { bias: tf.Tensor };

const words = 'model.embeddings.tok_embeddings.weight';
const layerName = (index: number) => `model.layers.${index}`;
const streamsOfLayer = 3;
/** Up to this many windows per row, full attention costs less than blocks of three windows. */
const blockedFrom = 4;

const limits = (config: ModernBertConfig): Limits => ({
  vocabulary: config.vocab_size,
  positions: config.max_position_embeddings,
  padId: config.pad_token_id,
  tokenTypes: 0,
  layers: config.num_hidden_layers,
  ownLayers: config.num_hidden_layers,
  hidden: config.hidden_size,
  // The gate is as wide as the activations that it multiplies.
  intermediate: 2 * config.intermediate_size,
  heads: config.num_attention_heads,
  attended(sequence) {
    const local = Math.min(sequence, 3 * (config.local_attention / 2));
    const keys = config.layer_types.map((type) => (type === 'full_attention' ? sequence : local));
    return keys.reduce((sum, count) => sum + count, 0) / keys.length;
  },
});

/**
 * ModernBERT (Warner et al. 2024, arXiv:2412.13663), like transformers' `ModernBertForMaskedLM`: rotary positions,
 * gated feed-forward networks, normalization before each block, and local attention in most layers.
 */
export const modernbert: MaskedLanguageModel<ModernBertConfig> = {
  type: 'modernbert',
  architecture: 'ModernBertForMaskedLM',

  presets: {
    'modernbert-tiny': {
      num_hidden_layers: 4,
      hidden_size: 128,
      num_attention_heads: 2,
      intermediate_size: 192,
    },
    'modernbert-base': {},
    'modernbert-large': {
      num_hidden_layers: 28,
      hidden_size: 1024,
      num_attention_heads: 16,
      intermediate_size: 2624,
    },
  },

  afresh: ({ vocabulary, pad, cls, sep }) => ({
    vocab_size: vocabulary,
    pad_token_id: pad,
    bos_token_id: cls,
    cls_token_id: cls,
    eos_token_id: sep,
    sep_token_id: sep,
  }),

  parse: parseModernBertConfig,
  format: formatModernBertConfig,
  dropoutRates: ['attention_dropout', 'embedding_dropout', 'mlp_dropout'],
  limits,

  parameters(config) {
    const { hidden_size: hidden, intermediate_size: inner, initializer_cutoff_factor: cutoff } = config;
    const inward = { normal: config.initializer_range, cutoff };
    const outward = { normal: config.initializer_range / Math.sqrt(2 * config.num_hidden_layers), cutoff };
    const norm = (name: string, layer: Parameter['layer']): Parameter[] => [
      { name: `${name}.weight`, shape: [hidden], init: 'ones', decays: false, layer },
      ...(config.norm_bias ? [biasParameter(`${name}.bias`, hidden, layer)] : []),
    ];
    const dense = (
      name: string,
      shape: readonly [output: number, input: number],
      init: Parameter['init'],
      hasBias: boolean,
      layer: Parameter['layer'],
    ): Parameter[] => [
      { name: `${name}.weight`, shape, init, decays: true, layer },
      ...(hasBias ? [biasParameter(`${name}.bias`, shape[0], layer)] : []),
    ];
    const layer = (_: unknown, index: number) => {
      const name = layerName(index);
      return [
        ...(index === 0 ? [] : norm(`${name}.attn_norm`, index)),
        ...dense(`${name}.attn.Wqkv`, [3 * hidden, hidden], inward, config.attention_bias, index),
        ...dense(`${name}.attn.Wo`, [hidden, hidden], outward, config.attention_bias, index),
        ...norm(`${name}.mlp_norm`, index),
        ...dense(`${name}.mlp.Wi`, [2 * inner, hidden], inward, config.mlp_bias, index),
        ...dense(`${name}.mlp.Wo`, [hidden, inner], outward, config.mlp_bias, index),
      ];
    };
    return [
      { name: words, shape: [config.vocab_size, hidden], init: inward, decays: true, layer: 'embeddings' },
      ...norm('model.embeddings.norm', 'embeddings'),
      ...Array.from({ length: config.num_hidden_layers }, layer).flat(),
      ...norm('model.final_norm', 'head'),
      ...dense('head.dense', [hidden, hidden], outward, config.classifier_bias, 'head'),
      ...norm('head.norm', 'head'),
      ...(config.decoder_bias ? [biasParameter('decoder.bias', config.vocab_size, 'head')] : []),
    ];
  },

  encode(config, tensors, sequences, dropout, through) {
    const { input_ids, fixedLength } = sequences;
    const [batch, sequence] = input_ids.shape as [number, number];
    const { hidden_size: hidden, num_attention_heads: heads, local_attention, norm_eps: epsilon } = config;
    const window = local_attention / 2;
    const inBlocks = fixedLength !== undefined && fixedLength > blockedFrom * window;
    const bias = attentionBias(sequences);
    const positions = documentPositions(sequences);
    const constants: Record<Attention, Kept> = {
      full_attention: {
        ...rotaryAngles(sequence, hidden / heads, config.global_rope_theta, positions),
        bias,
      },
      sliding_attention: {
        ...rotaryAngles(sequence, hidden / heads, config.local_rope_theta, positions),
        bias: inBlocks ? bias : tf.add(bias, bandBias(sequence, window)),
      },
    };

    const attention = (x: tf.Tensor, tensors: ModelTensors, kept: Kept, index: number): tf.Tensor => {
      const stream = 1 + streamsOfLayer * index;
      const joined = linear(x, tensors, `${layerName(index)}.attn.Wqkv`);
      const parts = tf.split(joined, 3, 1).map((part) => splitHeads(part, [batch, sequence, heads]));
      const [query, key, value] = [rotary(parts[0]!, kept), rotary(parts[1]!, kept), parts[2]!];
      const drop = { dropout, rate: config.attention_dropout, stream };
      const context =
        inBlocks && config.layer_types[index] === 'sliding_attention'
          ? attendLocally(query, key, value, sequences, window, drop)
          : attend(query, key, value, kept.bias, drop);
      const attended = linear(context, tensors, `${layerName(index)}.attn.Wo`);
      return dropout(attended, config.attention_dropout, stream + 1);
    };

    /** Pre-normalization: each block reads the normalized residual stream and adds to it. */
    const layer = (x: tf.Tensor, tensors: ModelTensors, kept: Kept, index: number): tf.Tensor => {
      const norm = (x: tf.Tensor, name: string) =>
        layerNorm(x, tensors, `${layerName(index)}.${name}`, epsilon);
      // The embeddings are already normalized.
      const read = index === 0 ? x : norm(x, 'attn_norm');
      const attended = tf.add(x, attention(read, tensors, kept, index));
      const gated = gatedUnit(norm(attended, 'mlp_norm'), tensors, index, config);
      const dropped = dropout(gated, config.mlp_dropout, 3 + streamsOfLayer * index);
      return tf.add(attended, linear(dropped, tensors, `${layerName(index)}.mlp.Wo`));
    };

    const embedded = tf.reshape(lookUp(tensors[words]!, input_ids), [batch * sequence, hidden]);
    const normalized = layerNorm(embedded, tensors, 'model.embeddings.norm', epsilon);
    let x = dropout(normalized, config.embedding_dropout, 0);
    for (let index = 0; index < config.num_hidden_layers; index++) {
      x = through(index, x, constants[config.layer_types[index]!], (x, tensors, kept) =>
        layer(x, tensors, kept, index),
      );
    }
    return layerNorm(x, tensors, 'model.final_norm', epsilon);
  },

  head(config, tensors, hidden) {
    const transformed = activate(linear(hidden, tensors, 'head.dense'), config.classifier_activation);
    return {
      states: layerNorm(transformed, tensors, 'head.norm', config.norm_eps),
      table: tensors[words]!,
      bias: tensors['decoder.bias'] ?? tf.zeros([config.vocab_size]),
    };
  },

  adoption: {
    prefix: 'model.',
    renamed: [],
    tied: { 'decoder.weight': words },
    unused: [/inv_freq$/],
  },
};

/** A gated linear unit (Shazeer 2020, arXiv:2002.05202): the activated first half of Wi(x) times the second half. */
function gatedUnit(x: tf.Tensor, tensors: ModelTensors, index: number, config: ModernBertConfig): tf.Tensor {
  const both = linear(x, tensors, `${layerName(index)}.mlp.Wi`);
  const [inner, gate] = tf.split(both, 2, 1) as [tf.Tensor, tf.Tensor];
  return tf.mul(activate(inner, config.hidden_activation), gate);
}
