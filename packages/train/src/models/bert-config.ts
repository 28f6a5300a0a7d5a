import { InputError } from '@mlm/base/errors';
import type { ConfigFields } from './fields.js';
import { type Activation, activations } from './layers.js';
import type { Limits } from './model.js';

// The configuration that BERT shares with the models that adopted its fields.

/** The fields that transformers' configurations of BERT, RoBERTa, ELECTRA and ALBERT share. */
export interface BertConfig {
  vocab_size: number;
  hidden_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  intermediate_size: number;
  hidden_act: Activation;
  hidden_dropout_prob: number;
  attention_probs_dropout_prob: number;
  max_position_embeddings: number;
  type_vocab_size: number;
  /** Standard deviation of the initial weights. */
  initializer_range: number;
  layer_norm_eps: number;
  pad_token_id: number;
}

/** The defaults of transformers. */
export const bertDefaults: BertConfig = {
  vocab_size: 30522,
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  initializer_range: 0.02,
  layer_norm_eps: 1e-12,
  pad_token_id: 0,
};

/**
 * Parses the shared fields. @throws InputError for a field of a wrong type, or a value that BERT's encoder does not
 * support
 */
export function parseBertConfig(fields: ConfigFields, defaults: BertConfig = bertDefaults): BertConfig {
  fields.oneOf('position_embedding_type', ['absolute'], 'absolute');
  fields.refuse('is_decoder', true, 'an encoder');
  fields.refuse('tie_word_embeddings', false, 'a decoder tied to the embeddings');
  const config: BertConfig = {
    vocab_size: fields.size('vocab_size', defaults.vocab_size, 'vocabulary'),
    hidden_size: fields.size('hidden_size', defaults.hidden_size),
    num_hidden_layers: fields.size('num_hidden_layers', defaults.num_hidden_layers, 'layers'),
    num_attention_heads: fields.size('num_attention_heads', defaults.num_attention_heads),
    intermediate_size: fields.size('intermediate_size', defaults.intermediate_size),
    hidden_act: fields.oneOf('hidden_act', activations, defaults.hidden_act),
    hidden_dropout_prob: fields.rate('hidden_dropout_prob', defaults.hidden_dropout_prob),
    attention_probs_dropout_prob: fields.rate(
      'attention_probs_dropout_prob',
      defaults.attention_probs_dropout_prob,
    ),
    max_position_embeddings: fields.size('max_position_embeddings', defaults.max_position_embeddings),
    type_vocab_size: fields.size('type_vocab_size', defaults.type_vocab_size),
    initializer_range: fields.real('initializer_range', defaults.initializer_range),
    layer_norm_eps: fields.real('layer_norm_eps', defaults.layer_norm_eps),
    pad_token_id: fields.count('pad_token_id', defaults.pad_token_id),
  };
  refuseUnevenHeads(fields.source, config.hidden_size, config.num_attention_heads);
  return config;
}

/** @throws InputError if the hidden size cannot be divided among the attention heads */
export function refuseUnevenHeads(source: string, hidden: number, heads: number): void {
  if (hidden % heads === 0) return;
  throw new InputError(
    `${source}: hidden_size ${hidden} is not a multiple of num_attention_heads ${heads}; change one of them`,
  );
}

export const bertDropoutRates = ['hidden_dropout_prob', 'attention_probs_dropout_prob'] as const;

export const bertLimits = (config: BertConfig): Limits => ({
  vocabulary: config.vocab_size,
  positions: config.max_position_embeddings,
  padId: config.pad_token_id,
  tokenTypes: config.type_vocab_size,
  layers: config.num_hidden_layers,
  ownLayers: config.num_hidden_layers,
  hidden: config.hidden_size,
  intermediate: config.intermediate_size,
  heads: config.num_attention_heads,
  attended: (sequence) => sequence,
});

/** Names in old checkpoints converted from TensorFlow; see {@link Adoption.renamed}. */
export const gammaAndBeta = [
  [/LayerNorm\.gamma$/, 'LayerNorm.weight'],
  [/LayerNorm\.beta$/, 'LayerNorm.bias'],
] as const;
