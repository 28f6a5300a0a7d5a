import * as tf from '@tensorflow/tfjs-core';
import { attentionBias } from './attention.js';
import {
  type BertConfig,
  bertDefaults,
  bertDropoutRates,
  bertLimits,
  gammaAndBeta,
  parseBertConfig,
} from './bert-config.js';
import {
  bertLayerNames,
  embed,
  embeddingParameters,
  encodeLayers,
  layerParameters,
  wordsOf,
} from './bert-layers.js';
import { activate, biasParameter, layerNorm, linear, linearParameters, normParameters } from './layers.js';
import type { Limits, MaskedLanguageModel, Parameter, Sequences } from './model.js';

/** RoBERTa's configuration, with the names of transformers' `RobertaConfig`. */
export interface RobertaConfig extends BertConfig {
  bos_token_id: number;
  eos_token_id: number;
}

const defaults: RobertaConfig = { ...bertDefaults, pad_token_id: 1, bos_token_id: 0, eos_token_id: 2 };

// Positions start at the padding id + 1; the rows of the table before that are unused.
const limits = (config: RobertaConfig): Limits => ({
  ...bertLimits(config),
  positions: config.max_position_embeddings - config.pad_token_id - 1,
});

/**
 * The position of each token, int32 [batch, sequence]: the number of tokens in its document up to and including it,
 * plus the padding id. Padding inside a text does not count.
 */
function positionIds({ input_ids, document_starts }: Sequences, padId: number): tf.Tensor {
  const isToken = tf.cast(tf.notEqual(input_ids, padId), 'int32');
  let count = tf.cumsum(isToken, 1);
  if (document_starts) count = tf.sub(count, lookUpAt(document_starts, tf.sub(count, isToken)));
  return tf.add(tf.mul(count, isToken), tf.scalar(padId, 'int32'));
}

/** The values [batch, sequence] at the positions `at`, int32 [batch, sequence], of their rows. */
function lookUpAt(at: tf.Tensor, values: tf.Tensor): tf.Tensor {
  const [batch, sequence] = values.shape as [number, number];
  // A cumulative sum, since the length may be a named size while tracing.
  const one = tf.onesLike(tf.reshape(values, [batch * sequence]));
  const row = tf.reshape(tf.cumsum(one, 0, true), [batch, sequence]);
  const inRow = tf.cumsum(tf.onesLike(values), 1, true);
  const indices = tf.add(tf.sub(row, inRow), at);
  const found = tf.gather(
    tf.reshape(values, [batch * sequence]),
    tf.reshape(indices, [batch * sequence]) as tf.Tensor1D,
  );
  return tf.reshape(found, [batch, sequence]);
}

function family(
  type: string,
  architecture: string,
  presets: MaskedLanguageModel<RobertaConfig>['presets'],
): MaskedLanguageModel<RobertaConfig> {
  return {
    type,
    architecture,
    presets,

    afresh: ({ vocabulary, pad, cls, sep }) => ({
      vocab_size: vocabulary,
      pad_token_id: pad,
      bos_token_id: cls,
      eos_token_id: sep,
      max_position_embeddings: 512 + pad + 1,
      type_vocab_size: 1,
      layer_norm_eps: 1e-5,
    }),

    parse(fields) {
      const config = {
        ...parseBertConfig(fields, defaults),
        bos_token_id: fields.count('bos_token_id', defaults.bos_token_id),
        eos_token_id: fields.count('eos_token_id', defaults.eos_token_id),
      };
      if (limits(config).positions < 1)
        throw fields.wrong(
          'max_position_embeddings',
          `more than pad_token_id + 1, ${config.pad_token_id + 1}`,
        );
      return config;
    },

    format: (config) => ({
      ...config,
      position_embedding_type: 'absolute',
      tie_word_embeddings: true,
      use_cache: false,
    }),

    dropoutRates: bertDropoutRates,
    limits,

    parameters(config) {
      const { hidden_size: hidden, initializer_range: deviation } = config;
      const layer = (_: unknown, index: number) =>
        layerParameters(bertLayerNames('roberta', index), limits(config), deviation, index);
      return [
        ...embeddingParameters('roberta', config, hidden).map(
          (parameter): Parameter =>
            parameter.name.includes('position_embeddings')
              ? { ...parameter, init: { normal: deviation, zeroRow: config.pad_token_id } }
              : parameter,
        ),
        ...Array.from({ length: config.num_hidden_layers }, layer).flat(),
        biasParameter('lm_head.bias', config.vocab_size, 'head'),
        ...linearParameters('lm_head.dense', [hidden, hidden], deviation, 'head'),
        ...normParameters('lm_head.layer_norm', hidden, 'head'),
      ];
    },

    encode(config, tensors, sequences, dropout, through) {
      const { input_ids } = sequences;
      const [batch, sequence] = input_ids.shape as [number, number];
      const positions = positionIds(sequences, config.pad_token_id);
      const embedded = embed('roberta', tensors, sequences, config.layer_norm_eps, positions);
      const x = dropout(embedded, config.hidden_dropout_prob, 0);
      const bias = attentionBias(sequences);
      return encodeLayers('roberta', config, x, through, { batch, sequence, bias, dropout }, 1);
    },

    head(config, tensors, hidden) {
      const transformed = activate(linear(hidden, tensors, 'lm_head.dense'), 'gelu');
      return {
        states: layerNorm(transformed, tensors, 'lm_head.layer_norm', config.layer_norm_eps),
        table: tensors[wordsOf('roberta')]!,
        bias: tensors['lm_head.bias']!,
      };
    },

    adoption: {
      prefix: 'roberta.',
      renamed: gammaAndBeta,
      tied: { 'lm_head.decoder.weight': wordsOf('roberta'), 'lm_head.decoder.bias': 'lm_head.bias' },
      unused: [/^roberta\.pooler\./, /position_ids$/],
    },
  };
}

const size = (layers: number, hidden: number, heads: number): Partial<RobertaConfig> => ({
  num_hidden_layers: layers,
  hidden_size: hidden,
  num_attention_heads: heads,
  intermediate_size: 4 * hidden,
});

/** RoBERTa (Liu et al. 2019, arXiv:1907.11692), like transformers' `RobertaForMaskedLM`. */
export const roberta = family('roberta', 'RobertaForMaskedLM', {
  'roberta-tiny': size(2, 128, 2),
  'roberta-base': size(12, 768, 12),
  'roberta-large': size(24, 1024, 16),
});

/** XLM-RoBERTa (Conneau et al. 2019, arXiv:1911.02116): RoBERTa with a vocabulary for a hundred languages. */
export const xlmRoberta = family('xlm-roberta', 'XLMRobertaForMaskedLM', {
  'xlm-roberta-tiny': size(2, 128, 2),
  'xlm-roberta-base': size(12, 768, 12),
  'xlm-roberta-large': size(24, 1024, 16),
});

/** CamemBERT (Martin et al. 2019, arXiv:1911.03894): RoBERTa for French. */
export const camembert = family('camembert', 'CamembertForMaskedLM', {
  'camembert-tiny': size(2, 128, 2),
  'camembert-base': size(12, 768, 12),
  'camembert-large': size(24, 1024, 16),
});
