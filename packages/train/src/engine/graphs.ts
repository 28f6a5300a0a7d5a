import * as tf from '@tensorflow/tfjs-core';
import { bertEncoder, predictionHidden, predictionLogits } from '../model/bert.js';
import { type BertConfig, hasDropout } from '../model/config.js';
import { type Dropout, keyedDropout, noDropout } from '../model/dropout.js';
import { scaledCrossEntropy, scoreLabels } from '../model/loss.js';
import { embeddingNames, headNames, isFrozen, parameterShapes } from '../model/parameters.js';
import { type AdamWOptions, adamW, type StepScalars } from '../optimizer/adamw.js';

type Variables = Record<string, tf.Variable>;
type Tensors = Record<string, tf.Tensor>;
/** A function that can run eagerly and be compiled. */
export type GraphFunction = (variables: Variables, inputs: Tensors) => Tensors;

/** The variable that sums a parameter's gradient over the micro-batches of an optimizer step. */
export const gradientSum = (name: string) => `gradient.${name}`;

export interface TrainingGraphOptions {
  optimizer: AdamWOptions;
  /** Whether gradients are summed over several batches before an update. */
  accumulate: boolean;
  /** Encoder layers, from the bottom, that stay as they are, together with the embeddings; 0 trains all. */
  frozenLayers: number;
}

/** Names of the parameters that training changes. */
export function trainableNames(config: BertConfig, frozenLayers: number): string[] {
  return [...parameterShapes(config).keys()].filter((name) => !isFrozen(name, frozenLayers));
}

/** The loss of a batch: the cross-entropy summed over its decoded positions, by their weights, times `loss_scale`. */
export function maskedLanguageModelLoss(
  config: BertConfig,
  variables: Variables,
  inputs: Tensors,
  dropout?: Dropout,
): tf.Scalar {
  const decoded = decode(config, variables, inputs, dropout);
  const { loss_scale, position_weights } = inputs;
  return scaledCrossEntropy(
    decoded,
    variables[embeddingNames.word]!,
    variables[headNames.bias]!,
    inputs.masked_labels as tf.Tensor1D,
    position_weights ? tf.mul(position_weights, loss_scale!) : loss_scale!,
  ) as tf.Scalar;
}

/** One batch forward and backward, and the update of parameters and moments. */
export function trainingStep(config: BertConfig, options: TrainingGraphOptions): GraphFunction {
  const names = trainableNames(config, options.frozenLayers);
  return (variables, inputs) => {
    const dropout = hasDropout(config) ? keyedDropout(inputs.dropout_key!) : noDropout;
    const trained = names.map((name) => variables[name]!);
    const { value: loss, grads } = tf.variableGrads(
      () => maskedLanguageModelLoss(config, variables, inputs, dropout),
      trained,
    );
    const gradients: Tensors = {};
    for (const name of names) {
      const gradient = grads[variables[name]!.name]!;
      gradients[name] = options.accumulate
        ? accumulate(variables[gradientSum(name)]!, gradient, inputs.gradient_keep!)
        : gradient;
    }
    adamW(options.optimizer, variables, gradients, inputs as Record<keyof StepScalars, tf.Tensor>);
    return { loss };
  };
}

function accumulate(sum: tf.Variable, gradient: tf.Tensor, keep: tf.Tensor): tf.Tensor {
  const total = tf.add(tf.mul(sum, keep), gradient);
  sum.assign(total);
  return total;
}

/** Scores a labelled batch: `loss_sum` and `correct` over its decoded positions. */
export function evaluationStep(config: BertConfig): GraphFunction {
  return (variables, inputs) => {
    const decoded = decode(config, variables, inputs);
    return scoreLabels(
      decoded,
      variables[embeddingNames.word]!,
      variables[headNames.bias]!,
      inputs.masked_labels as tf.Tensor1D,
      inputs.position_weights,
    );
  };
}

/** Probabilities [masked, vocabulary] of every id at `masked_positions`. */
export function predictionStep(config: BertConfig): GraphFunction {
  return (variables, inputs) => ({
    probabilities: tf.softmax(predictionLogits(variables, decode(config, variables, inputs))),
  });
}

function decode(config: BertConfig, variables: Variables, inputs: Tensors, dropout?: Dropout): tf.Tensor {
  const { input_ids, attention_mask, masked_positions } = inputs;
  const hidden = bertEncoder(
    config,
    variables,
    { input_ids: input_ids!, attention_mask: attention_mask! },
    dropout,
  );
  return predictionHidden(config, variables, hidden, masked_positions!);
}
