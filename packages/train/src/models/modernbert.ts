import * as tf from '@tensorflow/tfjs-core';
import {
  attend,
  attendLocally,
  attentionBias,
  bandBias,
  documentPositions,
  splitHeads,
} from './attention.js';
import { refuseUnevenHeads } from './bert-config.js';
import type { ConfigFields } from './fields.js';
import {
  type Activation,
  activate,
  activations,
  biasParameter,
  layerNorm,
  linear,
  lookUp,
} from './layers.js';
import type { Limits, MaskedLanguageModel, ModelTensors, Parameter } from './model.js';
import { type RotaryAngles, rotary, rotaryAngles } from './rotary.js';

const attentions = ['full_attention', 'sliding_attention'] as const;
type Attention = (typeof attentions)[number];

/** ModernBERT's configuration, with the names of transformers' `ModernBertConfig`. */
export interface ModernBertConfig {
  vocab_size: number;
  hidden_size: number;
  intermediate_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  hidden_activation: Activation;
  max_position_embeddings: number;
  /**
   * Standard deviation of the initial weights; divided by √(2 · layers) for those that write into the residual stream.
   */
  initializer_range: number;
  /** Initial weights are cut off at this many standard deviations. */
  initializer_cutoff_factor: number;
  norm_eps: number;
  norm_bias: boolean;
  attention_bias: boolean;
  mlp_bias: boolean;
  classifier_bias: boolean;
  decoder_bias: boolean;
  classifier_activation: Activation;
  attention_dropout: number;
  embedding_dropout: number;
  mlp_dropout: number;
  /** The tokens that each layer attends to: all, or those at most half of `local_attention` away. */
  layer_types: Attention[];
  local_attention: number;
  /** Base of the rotary embeddings, in layers that attend to all tokens and in the others. */
  global_rope_theta: number;
  local_rope_theta: number;
  pad_token_id: number;
  bos_token_id: number;
  eos_token_id: number;
  cls_token_id: number;
  sep_token_id: number;
}

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

  parse(fields) {
    fields.refuse('tie_word_embeddings', false, 'a decoder tied to the embeddings');
    const layers = fields.size('num_hidden_layers', 22, 'layers');
    const config: ModernBertConfig = {
      vocab_size: fields.size('vocab_size', 50368, 'vocabulary'),
      hidden_size: fields.size('hidden_size', 768),
      intermediate_size: fields.size('intermediate_size', 1152),
      num_hidden_layers: layers,
      num_attention_heads: fields.size('num_attention_heads', 12),
      hidden_activation: fields.oneOf('hidden_activation', activations, 'gelu'),
      max_position_embeddings: fields.size('max_position_embeddings', 8192),
      initializer_range: fields.real('initializer_range', 0.02),
      initializer_cutoff_factor: fields.real('initializer_cutoff_factor', 2),
      norm_eps: fields.real('norm_eps', 1e-5),
      norm_bias: fields.flag('norm_bias', false),
      attention_bias: fields.flag('attention_bias', false),
      mlp_bias: fields.flag('mlp_bias', false),
      classifier_bias: fields.flag('classifier_bias', false),
      decoder_bias: fields.flag('decoder_bias', true),
      classifier_activation: fields.oneOf('classifier_activation', activations, 'gelu'),
      attention_dropout: fields.rate('attention_dropout', 0),
      embedding_dropout: fields.rate('embedding_dropout', 0),
      mlp_dropout: fields.rate('mlp_dropout', 0),
      layer_types: layerTypes(fields, layers),
      local_attention: fields.size('local_attention', 128),
      global_rope_theta: rotaryBase(fields, 'full_attention', 'global_rope_theta', 160_000),
      local_rope_theta: rotaryBase(fields, 'sliding_attention', 'local_rope_theta', 10_000),
      pad_token_id: fields.count('pad_token_id', 50283),
      bos_token_id: fields.count('bos_token_id', 50281),
      eos_token_id: fields.count('eos_token_id', 50282),
      cls_token_id: fields.count('cls_token_id', 50281),
      sep_token_id: fields.count('sep_token_id', 50282),
    };
    refuseUnevenHeads(fields.source, config.hidden_size, config.num_attention_heads);
    if (config.initializer_cutoff_factor < 0.1)
      throw fields.wrong('initializer_cutoff_factor', 'at least 0.1');
    if (config.local_attention % 2 !== 0) throw fields.wrong('local_attention', 'an even number');
    if ((config.hidden_size / config.num_attention_heads) % 2 !== 0)
      throw fields.wrong('hidden_size', 'an even number of units per head, for the rotary embedding');
    return config;
  },

  format(config) {
    // Both the names of transformers 5 and the earlier ones, so that all versions and other readers understand them.
    const rope = (rope_theta: number) => ({ rope_theta, rope_type: 'default' });
    const every = config.layer_types.indexOf('full_attention', 1);
    const period = every < 0 ? config.layer_types.length : every;
    const isPeriodic = config.layer_types.every(
      (type, index) => type === attentions[index % period === 0 ? 0 : 1],
    );
    return {
      ...config,
      ...(isPeriodic && { global_attn_every_n_layers: period }),
      rope_parameters: {
        full_attention: rope(config.global_rope_theta),
        sliding_attention: rope(config.local_rope_theta),
      },
      position_embedding_type: 'absolute',
      tie_word_embeddings: true,
    };
  },

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

/**
 * The kind of each layer: listed, or derived from how often a layer attends to all tokens. Default: every third, from
 * the first.
 */
function layerTypes(fields: ConfigFields, layers: number): Attention[] {
  const given = fields.value('layer_types');
  if (given === undefined) {
    const every = fields.size('global_attn_every_n_layers', 3, 'layers');
    return Array.from({ length: layers }, (_, index) => attentions[index % every === 0 ? 0 : 1]);
  }
  if (!Array.isArray(given) || given.length !== layers || !given.every((type) => attentions.includes(type)))
    throw fields.wrong('layer_types', `${layers} of ${attentions.join(' and ')}`);
  return given as Attention[];
}

/** The base of the rotary embeddings: in `rope_parameters` since transformers 5, previously in a separate field. */
function rotaryBase(fields: ConfigFields, attention: Attention, name: string, fallback: number): number {
  fields.refuseOther('rope_scaling', undefined, 'none');
  const all = fields.value('rope_parameters');
  const given = typeof all === 'object' && all !== null ? (all as Record<string, unknown>)[attention] : all;
  if (given === undefined || given === null) return fields.real(name, fallback);
  const { rope_theta = fields.real(name, fallback), rope_type = 'default' } = given as Record<
    string,
    unknown
  >;
  if (typeof rope_theta !== 'number' || !(rope_theta > 0) || rope_type !== 'default')
    throw fields.wrong(
      'rope_parameters',
      'a rope_theta above 0 and the rope_type "default" for each attention',
    );
  return rope_theta;
}
