import { elementCount } from '@mlm/base/shape';
import { checkpoint } from '@mlm/compile';
import type * as tf from '@tensorflow/tfjs-core';
import type { ConfigFields } from './fields.js';

/** Values of a model's weights: float32, by Hugging Face's tensor names and in their layouts. */
export type Weights = Map<string, Float32Array>;

/** The parameters as tensors, by the names of {@link Model.parameters}. */
export type ModelTensors = Readonly<Record<string, tf.Tensor>>;

/**
 * Zeroes elements of x with a probability of `rate` and scales the others by 1 / (1 − rate) (Srivastava et al. 2014).
 *
 * @param stream which dropout of the model this is, so that no two draw the same numbers
 */
export type Dropout = (x: tf.Tensor, rate: number, stream: number) => tf.Tensor;

/**
 * Computes an encoder layer, of which nothing need be kept for the gradient: `body` reads no tensor but those that it is
 * given, and the pass's inputs.
 *
 * @param layer that its parameters belong to, see {@link Parameter.layer}
 * @param x float32 [batch · sequence, hidden]
 * @param constants what no gradient flows through, such as attention's bias
 */
export type ThroughLayer = <Constants extends Readonly<Record<string, tf.Tensor>>>(
  layer: number,
  x: tf.Tensor,
  constants: Constants,
  body: (x: tf.Tensor, tensors: ModelTensors, constants: Constants) => tf.Tensor,
) => tf.Tensor;

/** How a forward pass goes. */
export interface ForwardPass {
  dropout: Dropout;
  /** Keeps only what enters a layer, and computes the layer again for its gradient. Default false. */
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
   * document, in which positions count from 0 again. When left out, a row is one document.
   */
  document_starts?: tf.Tensor | undefined;
  /** int32 [batch, sequence]; all 0 when left out. Models without token types ignore it. */
  token_type_ids?: tf.Tensor | undefined;
  /** The length of every batch, where it is one; without it the lengths of the tensors stand for any. */
  fixedLength?: number | undefined;
}

/** What a model that starts afresh takes from its tokenizer. */
export interface Vocabulary {
  /** The number of ids. */
  vocabulary: number;
  /** Ids of [PAD], [CLS] and [SEP], whatever the tokenizer calls them. */
  pad: number;
  cls: number;
  sep: number;
}

/** How a fresh parameter is drawn. */
export type Initializer =
  | 'zeros'
  | 'ones'
  /** Normal around 0 with this standard deviation; `zeroRow` is the padding id's row, which starts as 0. */
  | {
      normal: number;
      zeroRow?: number;
      /** Draws that are so many deviations from 0, or more, are drawn again. */
      cutoff?: number;
    };

/** One trained tensor, and all that the rest of the package needs to know of it. */
export interface Parameter {
  /** Its name in a checkpoint of Hugging Face's. */
  name: string;
  /** A linear weight is [out, in]. */
  shape: readonly number[];
  init: Initializer;
  /** Whether weight decay applies: to all but biases and normalization, as in transformers' Trainer. */
  decays: boolean;
  /** The encoder layer that it belongs to, from 0 at the bottom. */
  layer: number | 'embeddings' | 'head';
}

/** Sizes that data, freezing and the memory estimate go by. */
export interface Limits {
  /** Ids from 0 that the model has an embedding for. */
  vocabulary: number;
  /** The longest row in tokens. */
  positions: number;
  padId: number;
  /** Kinds of token type ids; 0 where the model has none. */
  tokenTypes: number;
  /** Layers that are computed. */
  layers: number;
  /** Layers with weights of their own, which freezing counts. */
  ownLayers: number;
  hidden: number;
  /** Inner size of the feed-forward network. */
  intermediate: number;
  heads: number;
  /** How many keys a query is scored with, a layer on average. */
  attended(sequence: number): number;
}

/** The output layer before it is multiplied out: the scores of every id are states · tableᵀ + bias. */
export interface Output {
  /** float32 [masked, width]. */
  states: tf.Tensor;
  /** float32 [vocabulary, width]: the word embeddings, which the output layer shares. */
  table: tf.Tensor;
  /** float32 [vocabulary]. */
  bias: tf.Tensor;
}

/** How the tensors of a stored checkpoint become {@link Parameter}s. */
export interface Adoption {
  /** Names of older checkpoints: pattern and replacement, each applied in turn. */
  renamed: readonly (readonly [pattern: RegExp, replacement: string])[];
  /** What stands before the names of the encoder's tensors; checkpoints of the encoder alone lack it. */
  prefix: string;
  /** Tensors that are stored for two uses, and the parameter that they must equal, or stand in for where it is missing. */
  tied: Readonly<Record<string, string>>;
  /** Tensors of transformers' classes for the model that a masked language model does not have. */
  unused: readonly RegExp[];
}

/**
 * A family of masked language models, as its file in this folder defines it. `C` is its configuration: plain data, in the
 * names and meaning of the `config.json` that Hugging Face transformers writes.
 */
export interface MaskedLanguageModel<C> {
  /** `model_type` in config.json. */
  type: string;
  /** The class of transformers that a checkpoint opens as. */
  architecture: string;
  /** Configurations to start afresh with: what differs from the defaults of {@link MaskedLanguageModel.parse}. */
  presets: Readonly<Record<string, Partial<C>>>;
  /** What a model that starts afresh has by its tokenizer, beside its preset. */
  afresh(vocabulary: Vocabulary): Partial<C>;
  /** @throws InputError for a field that is not of its type, or that this implementation cannot compute */
  parse(fields: ConfigFields): C;
  /** The whole of config.json, but for what all models have: `architectures`, `model_type` and the dtype. */
  format(config: C): Record<string, unknown>;
  /** The fields of a configuration that are rates of dropout. */
  dropoutRates: readonly (keyof C & string)[];
  /** In the order of transformers' `named_parameters()`. */
  parameters(config: C): Parameter[];
  /** The last hidden states, [batch · sequence, hidden]. */
  encode(
    config: C,
    tensors: ModelTensors,
    sequences: Sequences,
    dropout: Dropout,
    through: ThroughLayer,
  ): tf.Tensor;
  /** What decodes hidden states [masked, hidden]. */
  head(config: C, tensors: ModelTensors, hidden: tf.Tensor): Output;
  adoption: Adoption;
  limits(config: C): Limits;
}

/** A model of one configuration: what everything outside this folder knows of it. */
export interface Model {
  type: string;
  /** Plain data; with `type` it says all about the computation. */
  config: Readonly<Record<string, unknown>>;
  parameters: readonly Parameter[];
  limits: Limits;
  /** The rates of dropout, by their names in config.json. */
  dropoutRates: Readonly<Record<string, number>>;
  adoption: Adoption;
  /** The same model with each rate of dropout set to one. */
  withDropout(rate: number): Model;
  encode(tensors: ModelTensors, sequences: Sequences, pass: ForwardPass): tf.Tensor;
  head(tensors: ModelTensors, hidden: tf.Tensor): Output;
  /** The text of config.json, as transformers' `save_pretrained` writes it. */
  formatConfig(): string;
}

/** Real numbers that happen to be whole: transformers takes no integer for them. */
const wholeReals =
  /("(?:initializer_range|initializer_cutoff_factor|(?:layer_)?norm_eps|\w*rope_theta)": \d+)(?=,?\n)/g;

/** Binds a family to a configuration of it. */
export function modelOf<C extends object>(family: MaskedLanguageModel<C>, config: C): Model {
  const parameters = family.parameters(config);
  return {
    type: family.type,
    config: config as Readonly<Record<string, unknown>>,
    parameters,
    limits: family.limits(config),
    dropoutRates: Object.fromEntries(family.dropoutRates.map((name) => [name, config[name] as number])),
    adoption: family.adoption,
    withDropout: (rate) =>
      modelOf(family, {
        ...config,
        ...Object.fromEntries(family.dropoutRates.map((name) => [name, rate])),
      }),
    encode: (tensors, sequences, { dropout, checkpointing = false }) =>
      family.encode(
        config,
        tensors,
        sequences,
        dropout,
        checkpointing
          ? recomputed(parameters, tensors)
          : (_, x, constants, body) => body(x, tensors, constants),
      ),
    head: (tensors, hidden) => family.head(config, tensors, hidden),
    formatConfig() {
      const json = {
        architectures: [family.architecture],
        ...family.format(config),
        model_type: family.type,
        dtype: 'float32',
        torch_dtype: 'float32',
      };
      const sorted = Object.fromEntries(Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1)));
      return `${JSON.stringify(sorted, null, 2)}\n`.replace(wholeReals, '$1.0');
    },
  };
}

function recomputed(parameters: readonly Parameter[], tensors: ModelTensors): ThroughLayer {
  return (index, x, constants, body) => {
    const own = parameters.filter(({ layer }) => layer === index);
    const inputs = { x, ...Object.fromEntries(own.map(({ name }) => [name, tensors[name]!])) };
    const computed = ({ x, ...tensors }: Record<string, tf.Tensor>, kept: typeof constants) =>
      body(x!, tensors, kept);
    return checkpoint(computed, inputs, constants);
  };
}

/** Whether training drops anything out. */
export function hasDropout({ dropoutRates }: Model): boolean {
  return Object.values(dropoutRates).some((rate) => rate > 0);
}

/**
 * Whether a parameter belongs to the frozen lower part of the model.
 *
 * @param layers how many encoder layers, from the bottom, are frozen; the embeddings freeze with any
 */
export function isFrozen({ layer }: Parameter, layers: number): boolean {
  if (layers <= 0) return false;
  return layer === 'embeddings' || (layer !== 'head' && layer < layers);
}

/** How many numbers training adjusts. */
export function parameterCount({ parameters }: Model): number {
  return parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}
