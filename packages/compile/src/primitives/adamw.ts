import { defined } from '@mlm/base/defined';
import {
  add,
  div,
  mul,
  scalar,
  sqrt,
  square,
  sub,
  type Tensor,
  tidy,
  type Variable,
} from '@tensorflow/tfjs-core';
import type { Graph, Node, Value } from '../graph/graph.js';
import { isTracing, recordNode } from '../trace/recording.js';

/**
 * The operation `AdamW(parameter, firstMoment, secondMoment, gradient, firstKeep, secondKeep, stepSize,
 * secondMomentScale, clip?, decay?)` {epsilon, clips, decays}, whose outputs are the new values of the first three.
 */
export const ADAMW = 'AdamW';

/** The update of one parameter. All scalars are float32 tensors of shape []. */
export interface AdamWUpdate {
  readonly parameter: Variable;
  readonly firstMoment: Variable;
  readonly secondMoment: Variable;
  /** float32, of the parameter's shape. */
  readonly gradient: Tensor;
  /** β₁ */
  readonly firstKeep: Tensor;
  /** β₂ */
  readonly secondKeep: Tensor;
  /** learning rate / (1 − β₁ᵗ) at step t */
  readonly stepSize: Tensor;
  /** 1 / sqrt(1 − β₂ᵗ) */
  readonly secondMomentScale: Tensor;
  readonly epsilon: number;
  /** A factor on the gradient, for clipping. Default: none. */
  readonly clip?: Tensor | undefined;
  /** learning rate · weight decay. Default: no decay. */
  readonly decay?: Tensor | undefined;
}

/**
 * Updates a parameter and its moments by a step of AdamW (Loshchilov and Hutter 2017, arXiv:1711.05101), by the formula
 * of `torch.optim.AdamW`:
 *
 *     g = gradient · clip,  m ← m·β₁ + g·(1 − β₁),  v ← v·β₂ + g²·(1 − β₂)
 *     p ← (p − p·decay) − m / (sqrt(v) · secondMomentScale + ε) · stepSize
 *
 * In a compiled function, one kernel updates them in place, on engines that have such a kernel.
 *
 * @example
 * ```ts
 * import { adamW, compile } from '@mlm/compile';
 * import * as tf from '@tensorflow/tfjs-core';
 *
 * const shape = [8];
 * const step = await compile(
 *   ({ weight, firstMoment, secondMoment }, { gradient, stepSize, secondMomentScale }) => {
 *     adamW({
 *       parameter: weight!,
 *       firstMoment: firstMoment!,
 *       secondMoment: secondMoment!,
 *       gradient: gradient!,
 *       firstKeep: tf.scalar(0.9),
 *       secondKeep: tf.scalar(0.999),
 *       stepSize: stepSize!,
 *       secondMomentScale: secondMomentScale!,
 *       epsilon: 1e-8,
 *     });
 *     return {};
 *   },
 *   {
 *     variables: { weight: { shape }, firstMoment: { shape }, secondMoment: { shape } },
 *     inputs: {
 *       gradient: { shape, dtype: 'float32' },
 *       stepSize: { shape: [], dtype: 'float32' },
 *       secondMomentScale: { shape: [], dtype: 'float32' },
 *     },
 *   },
 * );
 * ```
 */
export function adamW(update: AdamWUpdate): void {
  const { parameter, firstMoment, secondMoment } = update;
  const [newParameter, newFirst, newSecond] = isTracing() ? record(update) : compute(update);
  parameter.assign(newParameter!);
  firstMoment.assign(newFirst!);
  secondMoment.assign(newSecond!);
}

function record({ epsilon, clip, decay, ...update }: AdamWUpdate): Tensor[] {
  const { parameter, firstMoment, secondMoment, gradient } = update;
  const { firstKeep, secondKeep, stepSize, secondMomentScale } = update;
  const scalars = [firstKeep, secondKeep, stepSize, secondMomentScale, clip ?? [], decay ?? []].flat();
  const output = { shape: parameter.shape, dtype: 'float32' } as const;
  return recordNode(
    ADAMW,
    [parameter, firstMoment, secondMoment, gradient, ...scalars],
    { epsilon, clips: clip !== undefined, decays: decay !== undefined },
    [output, output, output],
  );
}

function compute(update: AdamWUpdate): Tensor[] {
  const { parameter, firstMoment, secondMoment, firstKeep, secondKeep, clip, decay } = update;
  return tidy(() => {
    const gradient = clip ? mul(update.gradient, clip) : update.gradient;
    const first = add(mul(firstMoment, firstKeep), mul(gradient, sub(1, firstKeep)));
    const second = add(mul(secondMoment, secondKeep), mul(square(gradient), sub(1, secondKeep)));
    const denominator = add(mul(sqrt(second), update.secondMomentScale), scalar(update.epsilon));
    const decayed = decay ? sub(parameter, mul(parameter, decay)) : parameter;
    return [sub(decayed, mul(div(first, denominator), update.stepSize)), first, second];
  });
}

/** The inputs of an AdamW node. */
export interface AdamWInputs {
  readonly parameter: Value;
  readonly firstMoment: Value;
  readonly secondMoment: Value;
  readonly gradient: Value;
  readonly firstKeep: Value;
  readonly secondKeep: Value;
  readonly stepSize: Value;
  readonly secondMomentScale: Value;
  readonly clip?: Value;
  readonly decay?: Value;
}

/** The inputs of an AdamW node by name. */
export function adamWInputs({ attributes }: Node, inputs: readonly Value[]): AdamWInputs {
  const [parameter, firstMoment, secondMoment, gradient, firstKeep, secondKeep, ...rest] = inputs as Value[];
  const [stepSize, secondMomentScale, ...optional] = rest;
  const clip = attributes.clips ? optional.shift() : undefined;
  const decay = attributes.decays ? optional.shift() : undefined;
  return {
    parameter: parameter!,
    firstMoment: firstMoment!,
    secondMoment: secondMoment!,
    gradient: gradient!,
    firstKeep: firstKeep!,
    secondKeep: secondKeep!,
    stepSize: stepSize!,
    secondMomentScale: secondMomentScale!,
    ...defined({ clip, decay }),
  };
}

/** The AdamW nodes that a kernel can run in place: those whose results are assigned to the variables they read. */
export function updatesInPlace({ nodes, updates, variables }: Graph): Node[] {
  const known = new Set(variables);
  return nodes.filter(
    ({ op, inputs, outputs }) =>
      op === ADAMW &&
      outputs.every((value, i) => known.has(inputs[i]!) && updates[inputs[i]!.name!] === value),
  );
}
