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
import type { Graph, NamedValue, Node, Value } from '../graph/graph.js';
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
  parameter.assign(newParameter);
  firstMoment.assign(newFirst);
  secondMoment.assign(newSecond);
}

function record(update: AdamWUpdate): readonly [Tensor, Tensor, Tensor] {
  const { parameter, epsilon, clip, decay } = update;
  const output = { shape: parameter.shape, dtype: 'float32' } as const;
  return recordNode(
    ADAMW,
    [...required.map((name) => update[name]), ...(clip ? [clip] : []), ...(decay ? [decay] : [])],
    { epsilon, clips: clip !== undefined, decays: decay !== undefined },
    [output, output, output],
  );
}

function compute(update: AdamWUpdate): readonly [Tensor, Tensor, Tensor] {
  const { parameter, firstMoment, secondMoment, firstKeep, secondKeep, clip, decay } = update;
  return tidy((): [Tensor, Tensor, Tensor] => {
    const gradient = clip ? mul(update.gradient, clip) : update.gradient;
    const first = add(mul(firstMoment, firstKeep), mul(gradient, sub(1, firstKeep)));
    const second = add(mul(secondMoment, secondKeep), mul(square(gradient), sub(1, secondKeep)));
    const denominator = add(mul(sqrt(second), update.secondMomentScale), scalar(update.epsilon));
    const decayed = decay ? sub(parameter, mul(parameter, decay)) : parameter;
    return [sub(decayed, mul(div(first, denominator), update.stepSize)), first, second];
  });
}

/** The inputs of every AdamW node, in order; `clip` and `decay` may follow. */
const required = [
  'parameter',
  'firstMoment',
  'secondMoment',
  'gradient',
  'firstKeep',
  'secondKeep',
  'stepSize',
  'secondMomentScale',
] as const;

/** The inputs of an AdamW node. */
export interface AdamWInputs extends Readonly<Record<(typeof required)[number], Value>> {
  readonly clip?: Value;
  readonly decay?: Value;
}

/** The inputs of an AdamW node by name. */
export function adamWInputs({ attributes }: Node, inputs: readonly Value[]): AdamWInputs {
  const names = [
    ...required,
    ...(attributes.clips ? (['clip'] as const) : []),
    ...(attributes.decays ? (['decay'] as const) : []),
  ];
  return Object.fromEntries(names.map((name, i) => [name, inputs[i]])) as unknown as AdamWInputs;
}

/** An update that a kernel can run in place: its results are assigned to the variables that it reads. */
export interface InPlaceAdamW extends AdamWInputs {
  readonly parameter: NamedValue;
  readonly firstMoment: NamedValue;
  readonly secondMoment: NamedValue;
  readonly epsilon: number;
}

/** The AdamW nodes that a kernel can run in place. */
export function updatesInPlace({ nodes, updates, variables }: Graph): InPlaceAdamW[] {
  const known = new Set<Value>(variables);
  return nodes.flatMap((node) => {
    if (node.op !== ADAMW) return [];
    const inputs = adamWInputs(node, node.inputs);
    const { parameter, firstMoment, secondMoment } = inputs;
    const becomes = (value: Value, i: number): value is NamedValue =>
      known.has(value) && value.name !== undefined && updates[value.name] === node.outputs[i];
    if (!becomes(parameter, 0) || !becomes(firstMoment, 1) || !becomes(secondMoment, 2)) return [];
    return [{ ...inputs, parameter, firstMoment, secondMoment, epsilon: node.attributes.epsilon as number }];
  });
}
