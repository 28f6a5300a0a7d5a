import { elementCount } from '@mlm/base/shape';
import type * as tf from '@tensorflow/tfjs-core';
import type { ConfigFields } from './fields.js';

/** A model's weights: float32 values by Hugging Face's tensor names, in their layouts. */
export type Weights = Map<string, Float32Array>;

/** A model's parameters as tensors, by the names of {@link Model.parameters}. */
export type ModelTensors = Readonly<Record<string, tf.Tensor>>;

/**
 * Zeroes each element of x with probability `rate` and scales the others by 1 / (1 − rate) (Srivastava et al. 2014).
 *
 * @param stream the number of this dropout in the model, so that no two draw the same mask
 */
export type Dropout = (x: tf.Tensor, rate: number, stream: number) => tf.Tensor;

/**
 * Computes an encoder layer in such a way that it can be recomputed for its gradient: `body` only reads the tensors it
 * is given, and the inputs of the pass.
 *
 * @param layer the layer of its parameters, see {@link Parameter.layer}
 * @param x float32 [batch · sequence, hidden]
 * @param constants tensors without a gradient, such as the attention bias
 */
export type ThroughLayer = <Constants extends Readonly<Record<string, tf.Tensor>>>(
  layer: number,
  x: tf.Tensor,
  constants: Constants,
  body: (x: tf.Tensor, tensors: ModelTensors, constants: Constants) => tf.Tensor,
) => tf.Tensor;

/** Settings of a forward pass. */
export interface ForwardPass {
  dropout: Dropout;
  /** Whether only the inputs of layers are kept, and layers are recomputed for their gradients. Default: false. */
  checkpointing?: boolean | undefined;
}

/** Rows of token ids, padded to one length. */
export interface Sequences {
  /** int32 [batch, sequence]. */
  input_ids: tf.Tensor;
  /** float32 [batch, sequence]: 1 on tokens, 0 on padding. */
  attention_mask: tf.Tensor;
  /**
   * int32 [batch, sequence]: the position in its row at which each token's document begins. Tokens attend within their
   * document, in which positions are counted from 0. Default: a row is one document.
   */
  document_starts?: tf.Tensor | undefined;
  /** int32 [batch, sequence]. Default: all 0. Models without token types ignore it. */
  token_type_ids?: tf.Tensor | undefined;
  /** The length of all batches, if it is fixed; otherwise, the shapes of the tensors are only samples. */
  fixedLength?: number | undefined;
}

/** What a new model needs to know about its tokenizer. */
export interface Vocabulary {
  /** Number of ids. */
  vocabulary: number;
  /** The ids of [PAD], [CLS] and [SEP], or of the tokens in their roles. */
  pad: number;
  cls: number;
  sep: number;
}

/** How a parameter is initialized. */
export type Initializer =
  | 'zeros'
  | 'ones'
  /** A normal distribution around 0 with this standard deviation; `zeroRow`, the padding id's row, starts as 0. */
  | {
      normal: number;
      zeroRow?: number;
      /** Values this many deviations from 0, or more, are drawn again. */
      cutoff?: number;
    };

/** A trained tensor, and everything that the rest of the package needs to know about it. */
export interface Parameter {
  /** Its name in Hugging Face's checkpoints. */
  name: string;
  /** A linear weight is [out, in]. */
  shape: readonly number[];
  init: Initializer;
  /** Whether weight decay applies, as it does to all but biases and normalization, like in transformers' Trainer. */
  decays: boolean;
  /** Its encoder layer, from 0 at the bottom. */
  layer: number | 'embeddings' | 'head';
}

/** The sizes that data, freezing and memory estimates depend on. */
export interface Limits {
  /** Number of ids that have an embedding. */
  vocabulary: number;
  /** The longest row in tokens. */
  positions: number;
  padId: number;
  /** Number of token types; 0 if the model has none. */
  tokenTypes: number;
  /** Number of layers computed. */
  layers: number;
  /** Number of layers with their own weights, which freezing counts. */
  ownLayers: number;
  hidden: number;
  /** Inner size of the feed-forward network. */
  intermediate: number;
  heads: number;
  /** Number of keys per query, averaged over the layers. */
  attended(sequence: number): number;
}

/** The factors of the output: the logits of all ids are states · tableᵀ + bias. */
export interface Output {
  /** float32 [masked, width]. */
  states: tf.Tensor;
  /** float32 [vocabulary, width]: the word embeddings, which the output layer shares. */
  table: tf.Tensor;
  /** float32 [vocabulary]. */
  bias: tf.Tensor;
}

/** How the tensors of a checkpoint become {@link Parameter}s. */
export interface Adoption {
  /** Names in older checkpoints: patterns and their replacements, applied in order. */
  renamed: readonly (readonly [pattern: RegExp, replacement: string])[];
  /** The prefix of the encoder's tensors, which checkpoints of the encoder alone lack. */
  prefix: string;
  /** Tensors stored twice, with the parameter that they must equal, or replace if it is missing. */
  tied: Readonly<Record<string, string>>;
  /** Tensors of transformers' other classes, which a masked language model does not use. */
  unused: readonly RegExp[];
}

/**
 * A family of masked language models, defined by a file of this folder. `C` is its configuration: plain data, with the
 * names and meanings of transformers' `config.json`.
 */
export interface MaskedLanguageModel<C> {
  /** `model_type` in config.json. */
  type: string;
  /** The class of transformers that opens a checkpoint. */
  architecture: string;
  /** Configurations of new models, as differences from the defaults of {@link MaskedLanguageModel.parse}. */
  presets: Readonly<Record<string, Partial<C>>>;
  /** The fields of a new model that depend on its tokenizer, besides its preset. */
  afresh(vocabulary: Vocabulary): Partial<C>;
  /** Parses config.json. @throws InputError for a field of a wrong type, or a value that is not supported */
  parse(fields: ConfigFields): C;
  /** The fields of config.json, except those of all models: `architectures`, `model_type` and the dtype. */
  format(config: C): Record<string, unknown>;
  /** The names of the configuration's dropout rates. */
  dropoutRates: readonly (keyof C & string)[];
  /** All parameters, in the order of transformers' `named_parameters()`. */
  parameters(config: C): Parameter[];
  /** The last hidden states, float32 [batch · sequence, hidden]. */
  encode(
    config: C,
    tensors: ModelTensors,
    sequences: Sequences,
    dropout: Dropout,
    through: ThroughLayer,
  ): tf.Tensor;
  /** The output for hidden states [masked, hidden]. */
  head(config: C, tensors: ModelTensors, hidden: tf.Tensor): Output;
  adoption: Adoption;
  limits(config: C): Limits;
}

/** A model with its configuration, as everything outside this folder sees it. */
export interface Model {
  type: string;
  /** Plain data that, together with `type`, determines the computation. */
  config: Readonly<Record<string, unknown>>;
  parameters: readonly Parameter[];
  limits: Limits;
  /** Dropout rates, by their names in config.json. */
  dropoutRates: Readonly<Record<string, number>>;
  adoption: Adoption;
  /** The same model with all dropout rates set to `rate`. */
  withDropout(rate: number): Model;
  encode(tensors: ModelTensors, sequences: Sequences, pass: ForwardPass): tf.Tensor;
  head(tensors: ModelTensors, hidden: tf.Tensor): Output;
  /** The text of config.json, as transformers' `save_pretrained` writes it. */
  formatConfig(): string;
}

/** Whether training uses dropout. */
export function hasDropout({ dropoutRates }: Model): boolean {
  return Object.values(dropoutRates).some((rate) => rate > 0);
}

/**
 * Whether a parameter belongs to the frozen, lower part of the model.
 *
 * @param layers number of frozen encoder layers, from the bottom; if it is not 0, the embeddings are frozen, too
 */
export function isFrozen({ layer }: Parameter, layers: number): boolean {
  if (layers <= 0) return false;
  return layer === 'embeddings' || (layer !== 'head' && layer < layers);
}

/** Number of trained values. */
export function parameterCount({ parameters }: Model): number {
  return parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}
