import { attentionBias } from './attention.js';
import {
  type BertConfig,
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
import type { MaskedLanguageModel } from './model.js';

export type { BertConfig } from './bert-config.js';

const head = 'cls.predictions';

const size = (layers: number, hidden: number, heads: number): Partial<BertConfig> => ({
  num_hidden_layers: layers,
  hidden_size: hidden,
  num_attention_heads: heads,
  intermediate_size: 4 * hidden,
});

/** BERT (Devlin et al. 2018, arXiv:1810.04805), like transformers' `BertForMaskedLM`. */
export const bert: MaskedLanguageModel<BertConfig> = {
  type: 'bert',
  architecture: 'BertForMaskedLM',

  // The small sizes are those published by Google (Turc et al. 2019, arXiv:1908.08962).
  presets: {
    'bert-tiny': size(2, 128, 2),
    'bert-mini': size(4, 256, 4),
    'bert-small': size(4, 512, 8),
    'bert-medium': size(8, 512, 8),
    'bert-base': size(12, 768, 12),
    'bert-large': size(24, 1024, 16),
  },

  afresh: ({ vocabulary, pad }) => ({ vocab_size: vocabulary, pad_token_id: pad }),

  parse: (fields) => parseBertConfig(fields),

  format: (config) => ({
    ...config,
    position_embedding_type: 'absolute',
    tie_word_embeddings: true,
    use_cache: false,
  }),

  dropoutRates: bertDropoutRates,
  limits: bertLimits,

  parameters(config) {
    const { hidden_size: hidden, initializer_range: deviation } = config;
    const layer = (_: unknown, index: number) =>
      layerParameters(bertLayerNames('bert', index), bertLimits(config), deviation, index);
    return [
      ...embeddingParameters('bert', config, hidden),
      ...Array.from({ length: config.num_hidden_layers }, layer).flat(),
      biasParameter(`${head}.bias`, config.vocab_size, 'head'),
      ...linearParameters(`${head}.transform.dense`, [hidden, hidden], deviation, 'head'),
      ...normParameters(`${head}.transform.LayerNorm`, hidden, 'head'),
    ];
  },

  encode(config, tensors, sequences, dropout, through) {
    const [batch, sequence] = sequences.input_ids.shape as [number, number];
    const embedded = embed('bert', tensors, sequences, config.layer_norm_eps);
    const x = dropout(embedded, config.hidden_dropout_prob, 0);
    const bias = attentionBias(sequences);
    return encodeLayers('bert', config, x, through, { batch, sequence, bias, dropout }, 1);
  },

  head(config, tensors, hidden) {
    const transformed = activate(linear(hidden, tensors, `${head}.transform.dense`), config.hidden_act);
    return {
      states: layerNorm(transformed, tensors, `${head}.transform.LayerNorm`, config.layer_norm_eps),
      table: tensors[wordsOf('bert')]!,
      bias: tensors[`${head}.bias`]!,
    };
  },

  adoption: {
    prefix: 'bert.',
    renamed: gammaAndBeta,
    tied: { [`${head}.decoder.weight`]: wordsOf('bert'), [`${head}.decoder.bias`]: `${head}.bias` },
    unused: [/^bert\.pooler\./, /^cls\.seq_relationship\./, /position_ids$/],
  },
};
