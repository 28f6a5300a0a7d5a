import { sumOverDevices } from '@mlm/compile';
import * as tf from '@tensorflow/tfjs-core';
import { affine, keyedDropout, noDropout } from '../models/layers.js';
import { scaledCrossEntropy, scoreLabels } from '../models/loss.js';
import {
  type Dropout,
  type ForwardPass,
  hasDropout,
  isFrozen,
  type Model,
  type Output,
  type Parameter,
} from '../models/model.js';
import { type AdamWOptions, adamW, type StepScalars } from '../optimizer/adamw.js';

type Variables = Record<string, tf.Variable>;
type Tensors = Record<string, tf.Tensor>;
/** A function that can run eagerly and be compiled. */
export type GraphFunction = (variables: Variables, inputs: Tensors) => Tensors;

/** The variable that sums a parameter's gradient over the micro-batches of an optimizer step. */
export const gradientSum = (name: string) => `gradient.${name}`;

/** What a training step depends on besides the model. */
export interface TrainingGraphOptions {
  optimizer: AdamWOptions;
  /** Whether gradients are summed over several batches before an update. */
  accumulate: boolean;
  /** Number of devices that share the rows of a batch. Default: 1. */
  devices?: number | undefined;
  /** Encoder layers, from the bottom, that are frozen together with the embeddings; 0 trains all. */
  frozenLayers: number;
  /** The length of every batch, if all have the same. */
  fixedLength?: number | undefined;
  /** Whether encoder layers are recomputed for their gradients, to save memory. Default: false. */
  checkpointing?: boolean | undefined;
}

/** The parameters that training changes. */
export function trainableParameters({ parameters }: Model, frozenLayers: number): Parameter[] {
  return parameters.filter((parameter) => !isFrozen(parameter, frozenLayers));
}

/** The loss of a batch: the weighted cross-entropy summed over its masked positions, times `loss_scale`. */
export function maskedLanguageModelLoss(
  model: Model,
  variables: Variables,
  inputs: Tensors,
  pass: { dropout?: Dropout; fixedLength?: number | undefined; checkpointing?: boolean | undefined } = {},
): tf.Scalar {
  const { fixedLength, ...rest } = pass;
  const { states, table, bias } = predict(model, variables, inputs, fixedLength, rest);
  const { loss_scale, position_weights } = inputs;
  return scaledCrossEntropy(
    states,
    table,
    bias,
    inputs.masked_labels as tf.Tensor1D,
    position_weights ? tf.mul(position_weights, loss_scale!) : loss_scale!,
  ) as tf.Scalar;
}

/**
 * One batch forward and backward, and the update of parameters and moments. Returns `loss`, and `gradient_norm`: the
 * norm over all gradients before clipping.
 */
export function trainingStep(model: Model, options: TrainingGraphOptions): GraphFunction {
  const trainable = trainableParameters(model, options.frozenLayers);
  const decaying = new Set(trainable.filter(({ decays }) => decays).map(({ name }) => name));
  return (variables, inputs) => {
    const dropout = hasDropout(model) ? keyedDropout(inputs.dropout_key!) : noDropout;
    const trained = trainable.map(({ name }) => variables[name]!);
    const { value: loss, grads } = tf.variableGrads(
      () =>
        maskedLanguageModelLoss(model, variables, inputs, {
          dropout,
          fixedLength: options.fixedLength,
          checkpointing: options.checkpointing,
        }),
      trained,
    );
    const gradients: Tensors = {};
    for (const { name } of trainable) {
      const gradient = summed(grads[variables[name]!.name]!, options.devices);
      gradients[name] = options.accumulate
        ? accumulate(variables[gradientSum(name)]!, gradient, inputs.gradient_keep!)
        : gradient;
    }
    const scalars = inputs as Record<keyof StepScalars, tf.Tensor>;
    const gradient_norm = adamW(options.optimizer, variables, gradients, scalars, (name) =>
      decaying.has(name),
    );
    return { loss: summed(loss, options.devices), gradient_norm };
  };
}

/** The sum of the devices' values, each of its own rows. */
const summed = <T extends tf.Tensor>(x: T, devices = 1): T => (devices > 1 ? sumOverDevices(x) : x);

function accumulate(sum: tf.Variable, gradient: tf.Tensor, keep: tf.Tensor): tf.Tensor {
  const total = tf.add(tf.mul(sum, keep), gradient);
  sum.assign(total);
  return total;
}

/** Scores a masked batch: `loss_sum` and `correct` over its masked positions. */
export function evaluationGraph(model: Model, fixedLength?: number, devices?: number): GraphFunction {
  return (variables, inputs) => {
    const { states, table, bias } = predict(model, variables, inputs, fixedLength);
    const { masked_labels, position_weights } = inputs;
    const { loss_sum, correct } = scoreLabels(states, table, bias, masked_labels!, position_weights);
    return { loss_sum: summed(loss_sum, devices), correct: summed(correct, devices) };
  };
}

/** Probabilities [masked, vocabulary] of every id at `masked_positions`. */
export function predictionGraph(model: Model, fixedLength?: number): GraphFunction {
  return (variables, inputs) => {
    const { states, table, bias } = predict(model, variables, inputs, fixedLength);
    return { probabilities: tf.softmax(affine(states, table, bias)) };
  };
}

/** The model's output at `masked_positions` (int32 [masked], indices into batch · sequence). */
function predict(
  model: Model,
  variables: Variables,
  inputs: Tensors,
  fixedLength: number | undefined,
  { dropout = noDropout, checkpointing }: Partial<ForwardPass> = {},
): Output {
  const { input_ids, attention_mask, document_starts, masked_positions } = inputs;
  const sequences = {
    input_ids: input_ids!,
    attention_mask: attention_mask!,
    document_starts,
    fixedLength,
  };
  const hidden = model.encode(variables, sequences, { dropout, checkpointing });
  return model.head(variables, tf.gather(hidden, masked_positions as tf.Tensor1D));
}
