import { InputError } from '@mlm/base/errors';
import * as tf from '@tensorflow/tfjs-core';
import {
  type Activation,
  activate,
  activations,
  attend,
  embeddingParameter,
  layerNorm,
  linear,
  linearParameters,
  lookUp,
  normParameters,
  paddingBias,
  splitHeads,
} from './layers.js';
import type { MaskedLanguageModel, ModelTensors, Parameter, Sequences } from './model.js';

/** BERT's configuration, by the names of transformers' `BertConfig`. */
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

const size = (layers: number, hidden: number, heads: number): Partial<BertConfig> => ({
  num_hidden_layers: layers,
  hidden_size: hidden,
  num_attention_heads: heads,
  intermediate_size: 4 * hidden,
});

const words = 'bert.embeddings.word_embeddings.weight';
const head = 'cls.predictions';
const layerName = (index: number) => `bert.encoder.layer.${index}`;

/** BERT (Devlin et al. 2018, arXiv:1810.04805), as transformers' `BertForMaskedLM` computes it. */
export const bert: MaskedLanguageModel<BertConfig> = {
  type: 'bert',
  architecture: 'BertForMaskedLM',

  // The small ones are those that Google published (Turc et al. 2019, arXiv:1908.08962).
  presets: {
    'bert-tiny': size(2, 128, 2),
    'bert-mini': size(4, 256, 4),
    'bert-small': size(4, 512, 8),
    'bert-medium': size(8, 512, 8),
    'bert-base': size(12, 768, 12),
  },

  parse(fields) {
    fields.oneOf('position_embedding_type', ['absolute'], 'absolute');
    fields.refuse('is_decoder', true, 'an encoder');
    fields.refuse('tie_word_embeddings', false, 'a decoder tied to the embeddings');
    const config: BertConfig = {
      vocab_size: fields.size('vocab_size', 30522, 'vocabulary'),
      hidden_size: fields.size('hidden_size', 768),
      num_hidden_layers: fields.size('num_hidden_layers', 12, 'layers'),
      num_attention_heads: fields.size('num_attention_heads', 12),
      intermediate_size: fields.size('intermediate_size', 3072),
      hidden_act: fields.oneOf('hidden_act', activations, 'gelu'),
      hidden_dropout_prob: fields.rate('hidden_dropout_prob', 0.1),
      attention_probs_dropout_prob: fields.rate('attention_probs_dropout_prob', 0.1),
      max_position_embeddings: fields.size('max_position_embeddings', 512),
      type_vocab_size: fields.size('type_vocab_size', 2),
      initializer_range: fields.real('initializer_range', 0.02),
      layer_norm_eps: fields.real('layer_norm_eps', 1e-12),
      pad_token_id: fields.count('pad_token_id', 0),
    };
    if (config.hidden_size % config.num_attention_heads !== 0) {
      throw new InputError(
        `${fields.source}: hidden_size ${config.hidden_size} is not a multiple of num_attention_heads ${config.num_attention_heads}`,
      );
    }
    return config;
  },

  format: (config) => ({
    ...config,
    position_embedding_type: 'absolute',
    tie_word_embeddings: true,
    use_cache: false,
  }),

  dropoutRates: ['hidden_dropout_prob', 'attention_probs_dropout_prob'],

  parameters(config) {
    const { hidden_size: hidden, intermediate_size: intermediate, initializer_range: deviation } = config;
    const norm = (name: string, layer: Parameter['layer']) => normParameters(name, hidden, layer);
    const dense = (name: string, output: number, input: number, layer: Parameter['layer']) =>
      linearParameters(name, [output, input], deviation, layer);
    const layer = (_: unknown, index: number) => {
      const name = layerName(index);
      return [
        ...['query', 'key', 'value'].flatMap((part) =>
          dense(`${name}.attention.self.${part}`, hidden, hidden, index),
        ),
        ...dense(`${name}.attention.output.dense`, hidden, hidden, index),
        ...norm(`${name}.attention.output.LayerNorm`, index),
        ...dense(`${name}.intermediate.dense`, intermediate, hidden, index),
        ...dense(`${name}.output.dense`, hidden, intermediate, index),
        ...norm(`${name}.output.LayerNorm`, index),
      ];
    };
    const embedding = (name: string, rows: number, zeroRow?: number) =>
      embeddingParameter(`bert.embeddings.${name}.weight`, [rows, hidden], deviation, zeroRow);
    return [
      embedding('word_embeddings', config.vocab_size, config.pad_token_id),
      embedding('position_embeddings', config.max_position_embeddings),
      embedding('token_type_embeddings', config.type_vocab_size),
      ...norm('bert.embeddings.LayerNorm', 'embeddings'),
      ...Array.from({ length: config.num_hidden_layers }, layer).flat(),
      { name: `${head}.bias`, shape: [config.vocab_size], init: 'zeros', decays: false, layer: 'head' },
      ...dense(`${head}.transform.dense`, hidden, hidden, 'head'),
      ...norm(`${head}.transform.LayerNorm`, 'head'),
    ];
  },

  encode(config, tensors, sequences, dropout) {
    const [batch, sequence] = sequences.input_ids.shape as [number, number];
    const { hidden_dropout_prob: rate, num_attention_heads: heads, layer_norm_eps: epsilon } = config;
    const dense = (x: tf.Tensor, name: string) => linear(x, tensors, name);
    const norm = (x: tf.Tensor, name: string) => layerNorm(x, tensors, name, epsilon);

    let stream = 0;
    let x = norm(embed(config, tensors, sequences), 'bert.embeddings.LayerNorm');
    x = dropout(x, rate, stream++);
    const bias = paddingBias(sequences.attention_mask);
    for (let index = 0; index < config.num_hidden_layers; index++) {
      const layer = layerName(index);
      const [query, key, value] = ['query', 'key', 'value'].map((part) =>
        splitHeads(dense(x, `${layer}.attention.self.${part}`), [batch, sequence, heads]),
      );
      const drop = { dropout, rate: config.attention_probs_dropout_prob, stream: stream++ };
      const context = attend(query!, key!, value!, bias, drop);
      const attended = dropout(dense(context, `${layer}.attention.output.dense`), rate, stream++);
      x = norm(tf.add(x, attended), `${layer}.attention.output.LayerNorm`);
      const expanded = activate(dense(x, `${layer}.intermediate.dense`), config.hidden_act);
      const contracted = dropout(dense(expanded, `${layer}.output.dense`), rate, stream++);
      x = norm(tf.add(x, contracted), `${layer}.output.LayerNorm`);
    }
    return x;
  },

  head(config, tensors, hidden) {
    const transformed = activate(linear(hidden, tensors, `${head}.transform.dense`), config.hidden_act);
    return {
      states: layerNorm(transformed, tensors, `${head}.transform.LayerNorm`, config.layer_norm_eps),
      table: tensors[words]!,
      bias: tensors[`${head}.bias`]!,
    };
  },

  adoption: {
    prefix: 'bert.',
    renamed: [
      // Old checkpoints, converted from TensorFlow.
      [/LayerNorm\.gamma$/, 'LayerNorm.weight'],
      [/LayerNorm\.beta$/, 'LayerNorm.bias'],
    ],
    tied: { [`${head}.decoder.weight`]: words, [`${head}.decoder.bias`]: `${head}.bias` },
    unused: [/^bert\.pooler\./, /^cls\.seq_relationship\./, /position_ids$/],
  },

  limits: (config) => ({
    vocabulary: config.vocab_size,
    positions: config.max_position_embeddings,
    padId: config.pad_token_id,
    layers: config.num_hidden_layers,
    hidden: config.hidden_size,
    intermediate: config.intermediate_size,
    heads: config.num_attention_heads,
  }),
};

/** Word, position and token type embeddings, summed: [batch · sequence, hidden]. */
function embed({ hidden_size: hidden }: BertConfig, tensors: ModelTensors, sequences: Sequences): tf.Tensor {
  const { input_ids, token_type_ids } = sequences;
  const [batch, sequence] = input_ids.shape as [number, number];
  const types = tensors['bert.embeddings.token_type_embeddings.weight']!;
  const positions = tensors['bert.embeddings.position_embeddings.weight']!;
  const sum = tf.add(
    lookUp(tensors[words]!, input_ids),
    tf.add(
      tf.slice(positions, [0, 0], [sequence, hidden]),
      token_type_ids ? lookUp(types, token_type_ids) : tf.slice(types, [0, 0], [1, hidden]),
    ),
  );
  return tf.reshape(sum, [batch * sequence, hidden]);
}
