import { constantOf, type Graph, type Value } from '../graph/graph.js';
import { operands, other } from './pattern.js';

/** An AdamW update found in a graph: all that a fused operation needs to do the same. */
export interface AdamWUpdate {
  parameter: Value;
  firstMoment: Value;
  secondMoment: Value;
  gradient: Value;
  firstKeep: Value;
  secondKeep: Value;
  /** learning rate / (1 − β₁ᵗ) */
  stepSize: Value;
  /** 1 / sqrt(1 − β₂ᵗ) */
  secondMomentScale: Value;
  epsilon: Value;
  /** learning rate · weight decay, where the parameter decays */
  decay?: Value;
}

/**
 * Recognises the update of a parameter as AdamW in plain operations:
 *
 *     m ← m·β₁ + g·(1 − β₁),  v ← v·β₂ + g²·(1 − β₂),  p ← (p − p·decay) − m / (sqrt(v)·scale + ε) · step size
 */
export function matchAdamW(graph: Graph, parameter: Value): AdamWUpdate | undefined {
  const difference = operands(graph.updates[parameter.name!], 'Sub');
  const product = operands(difference?.[1], 'Multiply');
  const quotient = product?.find((value) => value.node?.op === 'RealDiv');
  const stepSize = other(product, (value) => value === quotient);
  const [newFirst, denominator] = operands(quotient, 'RealDiv') ?? [];
  const root = operands(denominator, 'Add')?.find((value) => value.node?.op === 'Multiply');
  const epsilon = other(operands(denominator, 'Add'), (value) => value === root);
  const squareRoot = operands(root, 'Multiply')?.find((value) => value.node?.op === 'Sqrt');
  const secondMomentScale = other(operands(root, 'Multiply'), (value) => value === squareRoot);
  const newSecond = operands(squareRoot, 'Sqrt')?.[0];
  const first = movingAverage(graph, newFirst);
  const second = movingAverage(graph, newSecond);
  const squared = operands(second?.sample, 'Square')?.[0];
  const decay = difference && decayOf(parameter, difference[0]!);
  if (!first || !second || !stepSize || !epsilon || !secondMomentScale || !decay) return undefined;
  if (squared !== first.sample) return undefined;
  return {
    parameter,
    firstMoment: first.average,
    secondMoment: second.average,
    gradient: first.sample,
    firstKeep: first.keep,
    secondKeep: second.keep,
    stepSize,
    secondMomentScale,
    epsilon,
    ...(decay.decay && { decay: decay.decay }),
  };
}

/** average ← average·keep + sample·(1 − keep), where the average is a variable that this value updates. */
function movingAverage(graph: Graph, value: Value | undefined) {
  const terms = operands(value, 'Add');
  if (!value || !terms) return undefined;
  const name = Object.keys(graph.updates).find((key) => graph.updates[key] === value);
  const average = graph.variables.find((variable) => variable.name === name);
  if (!average) return undefined;
  for (const [kept, added] of [terms, [...terms].reverse()]) {
    const keep = other(operands(kept, 'Multiply'), (factor) => factor === average);
    const isShare = (factor: Value) => {
      const [one, subtracted] = operands(factor, 'Sub') ?? [];
      return constantOf(one) === 1 && subtracted === keep;
    };
    const sample = keep && other(operands(added, 'Multiply'), isShare);
    if (sample) return { average, keep, sample };
  }
  return undefined;
}

/** parameter, or parameter − parameter·decay. */
function decayOf(parameter: Value, value: Value): { decay?: Value } | undefined {
  if (value === parameter) return {};
  const [kept, lost] = operands(value, 'Sub') ?? [];
  if (kept !== parameter) return undefined;
  const decay = other(operands(lost, 'Multiply'), (factor) => factor === parameter);
  return decay && (constantOf(decay) === 0 ? {} : { decay });
}
