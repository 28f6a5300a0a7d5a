import { refuseUnevenHeads } from './bert-config.js';
import type { ConfigFields } from './fields.js';
import { type Activation, activations } from './layers.js';

const attentions = ['full_attention', 'sliding_attention'] as const;
/** The tokens that a layer attends to: all, or those near by. */
export type Attention = (typeof attentions)[number];

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

/** @throws InputError for a field of a wrong type, or a value that is not supported */
export function parseModernBertConfig(fields: ConfigFields): ModernBertConfig {
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
  if (config.initializer_cutoff_factor < 0.1) throw fields.wrong('initializer_cutoff_factor', 'at least 0.1');
  if (config.local_attention % 2 !== 0) throw fields.wrong('local_attention', 'an even number');
  if ((config.hidden_size / config.num_attention_heads) % 2 !== 0)
    throw fields.wrong('hidden_size', 'an even number of units per head, for the rotary embedding');
  return config;
}

/** The fields of config.json: with the names of transformers 5 and the earlier ones, for readers of either. */
export function formatModernBertConfig(config: ModernBertConfig): Record<string, unknown> {
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
