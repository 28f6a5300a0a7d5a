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
import type { MaskedLanguageModel } from './model.js';

/** ELECTRA's configuration, with the names of transformers' `ElectraConfig`. */
export interface ElectraConfig extends BertConfig {
  /** Size of the embeddings, which a linear layer projects to the hidden size if they differ. */
  embedding_size: number;
}

const defaults: ElectraConfig = {
  ...bertDefaults,
  embedding_size: 128,
  hidden_size: 256,
  num_attention_heads: 4,
  intermediate_size: 1024,
};

const project = 'electra.embeddings_project';
const head = 'generator_predictions';

/** The generator of ELECTRA (Clark et al. 2020, arXiv:2003.10555), like transformers' `ElectraForMaskedLM`. */
export const electra: MaskedLanguageModel<ElectraConfig> = {
  type: 'electra',
  architecture: 'ElectraForMaskedLM',

  presets: {
    'electra-tiny-generator': {
      embedding_size: 64,
      hidden_size: 128,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      intermediate_size: 512,
    },
    'electra-small-generator': {},
    // The larger generators share the discriminator's embeddings, but are narrow themselves.
    'electra-base-generator': { embedding_size: 768 },
    'electra-large-generator': { embedding_size: 1024, num_hidden_layers: 24 },
  },

  afresh: ({ vocabulary, pad }) => ({ vocab_size: vocabulary, pad_token_id: pad }),

  parse: (fields) => ({
    ...parseBertConfig(fields, defaults),
    embedding_size: fields.size('embedding_size', defaults.embedding_size),
  }),

  format: (config) => ({
    ...config,
    position_embedding_type: 'absolute',
    tie_word_embeddings: true,
    use_cache: false,
  }),

  dropoutRates: bertDropoutRates,
  limits: bertLimits,

  parameters(config) {
    const { hidden_size: hidden, embedding_size: width, initializer_range: deviation } = config;
    const layer = (_: unknown, index: number) =>
      layerParameters(bertLayerNames('electra', index), bertLimits(config), deviation, index);
    return [
      ...embeddingParameters('electra', config, width),
      ...(width === hidden ? [] : linearParameters(project, [hidden, width], deviation, 'embeddings')),
      ...Array.from({ length: config.num_hidden_layers }, layer).flat(),
      ...normParameters(`${head}.LayerNorm`, width, 'head'),
      ...linearParameters(`${head}.dense`, [width, hidden], deviation, 'head'),
      biasParameter('generator_lm_head.bias', config.vocab_size, 'head'),
    ];
  },

  encode(config, tensors, sequences, dropout, through) {
    const [batch, sequence] = sequences.input_ids.shape as [number, number];
    const embedded = embed('electra', tensors, sequences, config.layer_norm_eps);
    const dropped = dropout(embedded, config.hidden_dropout_prob, 0);
    const x = config.embedding_size === config.hidden_size ? dropped : linear(dropped, tensors, project);
    const bias = attentionBias(sequences);
    return encodeLayers('electra', config, x, through, { batch, sequence, bias, dropout }, 1);
  },

  head(config, tensors, hidden) {
    const transformed = activate(linear(hidden, tensors, `${head}.dense`), 'gelu');
    return {
      states: layerNorm(transformed, tensors, `${head}.LayerNorm`, config.layer_norm_eps),
      table: tensors[wordsOf('electra')]!,
      bias: tensors['generator_lm_head.bias']!,
    };
  },

  adoption: {
    prefix: 'electra.',
    renamed: gammaAndBeta,
    tied: { 'generator_lm_head.weight': wordsOf('electra') },
    unused: [/position_ids$/],
  },
};
