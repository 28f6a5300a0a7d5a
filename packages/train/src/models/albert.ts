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
  embed,
  embeddingParameters,
  type LayerNames,
  layer,
  layerParameters,
  layerStreams,
  wordsOf,
} from './bert-layers.js';
import { activate, biasParameter, layerNorm, linear, linearParameters, normParameters } from './layers.js';
import type { Limits, MaskedLanguageModel } from './model.js';

/** ALBERT's configuration, with the names of transformers' `AlbertConfig`. */
export interface AlbertConfig extends BertConfig {
  /** Size of the embeddings, which a linear layer projects to the hidden size. */
  embedding_size: number;
  /** Groups that the layers are divided into; the layers of a group share its weights. */
  num_hidden_groups: number;
  /** Layers per group. */
  inner_group_num: number;
}

const defaults: AlbertConfig = {
  ...bertDefaults,
  vocab_size: 30000,
  embedding_size: 128,
  hidden_size: 4096,
  num_hidden_groups: 1,
  num_attention_heads: 64,
  intermediate_size: 16384,
  inner_group_num: 1,
  hidden_act: 'gelu_new',
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
};

const mapping = 'albert.encoder.embedding_hidden_mapping_in';
const head = 'predictions';

const limits = (config: AlbertConfig): Limits => ({
  ...bertLimits(config),
  layers: config.num_hidden_layers * config.inner_group_num,
  ownLayers: config.num_hidden_groups,
});

function layerNames(group: number, inner: number): LayerNames {
  const name = `albert.encoder.albert_layer_groups.${group}.albert_layers.${inner}`;
  return {
    query: `${name}.attention.query`,
    key: `${name}.attention.key`,
    value: `${name}.attention.value`,
    attended: `${name}.attention.dense`,
    attendedNorm: `${name}.attention.LayerNorm`,
    expand: `${name}.ffn`,
    contract: `${name}.ffn_output`,
    contractedNorm: `${name}.full_layer_layer_norm`,
  };
}

/**
 * ALBERT (Lan et al. 2019, arXiv:1909.11942), like transformers' `AlbertForMaskedLM`: small embeddings, and layers that
 * share their weights.
 */
export const albert: MaskedLanguageModel<AlbertConfig> = {
  type: 'albert',
  architecture: 'AlbertForMaskedLM',

  presets: {
    'albert-tiny': {
      embedding_size: 64,
      hidden_size: 128,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      intermediate_size: 512,
    },
    'albert-base': { hidden_size: 768, num_attention_heads: 12, intermediate_size: 3072 },
    'albert-large': {
      hidden_size: 1024,
      num_hidden_layers: 24,
      num_attention_heads: 16,
      intermediate_size: 4096,
    },
  },

  afresh: ({ vocabulary, pad }) => ({ vocab_size: vocabulary, pad_token_id: pad }),

  parse(fields) {
    const config = {
      ...parseBertConfig(fields, defaults),
      embedding_size: fields.size('embedding_size', defaults.embedding_size),
      num_hidden_groups: fields.size('num_hidden_groups', defaults.num_hidden_groups, 'layers'),
      inner_group_num: fields.size('inner_group_num', defaults.inner_group_num, 'layers'),
    };
    if (config.num_hidden_groups > config.num_hidden_layers)
      throw fields.wrong('num_hidden_groups', `at most num_hidden_layers, ${config.num_hidden_layers}`);
    return config;
  },

  format: (config) => ({ ...config, position_embedding_type: 'absolute', tie_word_embeddings: true }),

  dropoutRates: bertDropoutRates,
  limits,

  parameters(config) {
    const { hidden_size: hidden, embedding_size: width, initializer_range: deviation } = config;
    const group = (_: unknown, index: number) =>
      Array.from({ length: config.inner_group_num }, (_, inner) =>
        layerParameters(layerNames(index, inner), limits(config), deviation, index),
      ).flat();
    return [
      ...embeddingParameters('albert', config, width),
      ...linearParameters(mapping, [hidden, width], deviation, 'embeddings'),
      ...Array.from({ length: config.num_hidden_groups }, group).flat(),
      biasParameter(`${head}.bias`, config.vocab_size, 'head'),
      ...normParameters(`${head}.LayerNorm`, width, 'head'),
      ...linearParameters(`${head}.dense`, [width, hidden], deviation, 'head'),
    ];
  },

  encode(config, tensors, sequences, dropout, through) {
    const [batch, sequence] = sequences.input_ids.shape as [number, number];
    const { hidden_dropout_prob: rate, num_hidden_layers, num_hidden_groups, inner_group_num } = config;
    const embedded = embed('albert', tensors, sequences, config.layer_norm_eps);
    let x = linear(dropout(embedded, rate, 0), tensors, mapping);
    const settings = {
      batch,
      sequence,
      heads: config.num_attention_heads,
      activation: config.hidden_act,
      epsilon: config.layer_norm_eps,
      rates: { attention: config.attention_probs_dropout_prob, attended: rate, contracted: 0 },
      bias: attentionBias(sequences),
      dropout,
    };
    for (let index = 0; index < num_hidden_layers; index++) {
      const group = Math.floor(index / (num_hidden_layers / num_hidden_groups));
      for (let inner = 0; inner < inner_group_num; inner++) {
        const stream = 1 + layerStreams * (index * inner_group_num + inner);
        x = through(group, x, { bias: settings.bias }, (x, tensors, { bias }) =>
          layer(x, tensors, layerNames(group, inner), { ...settings, bias }, stream),
        );
      }
    }
    return x;
  },

  head(config, tensors, hidden) {
    const transformed = activate(linear(hidden, tensors, `${head}.dense`), config.hidden_act);
    return {
      states: layerNorm(transformed, tensors, `${head}.LayerNorm`, config.layer_norm_eps),
      table: tensors[wordsOf('albert')]!,
      bias: tensors[`${head}.bias`]!,
    };
  },

  adoption: {
    prefix: 'albert.',
    renamed: gammaAndBeta,
    tied: { [`${head}.decoder.weight`]: wordsOf('albert'), [`${head}.decoder.bias`]: `${head}.bias` },
    unused: [/^albert\.pooler/, /^sop_classifier\./, /position_ids$/],
  },
};
