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
import { composite } from './composite.js';

/** A parameter and what AdamW keeps for it, all of one shape. */
export interface AdamWState {
  readonly parameter: Variable;
  readonly firstMoment: Variable;
  readonly secondMoment: Variable;
}

/** float32 scalars of one update; the same formula serves any bias correction and schedule. */
export interface AdamWScalars {
  /** Factor of the gradient, from clipping; 1 leaves it alone. */
  readonly clip: Tensor;
  /** Learning rate / (1 − β₁ᵗ). */
  readonly stepSize: Tensor;
  /** Learning rate · weight decay; 0 for parameters that do not decay. */
  readonly decay: Tensor;
  /** 1 / √(1 − β₂ᵗ). */
  readonly secondMomentScale: Tensor;
  /** β₁. */
  readonly firstMomentKeep: Tensor;
  /** β₂. */
  readonly secondMomentKeep: Tensor;
}

/** The order of the composite's inputs: state, gradient, then the scalars. */
export const ADAMW = 'AdamW';

/**
 * Assigns one step of AdamW (Loshchilov and Hutter 2017, arXiv:1711.05101) in torch.optim.AdamW's formula to a
 * parameter and its moments. A compiled step runs it as a fused kernel, in place.
 */
export function adamWUpdate(
  { parameter, firstMoment, secondMoment }: AdamWState,
  gradient: Tensor,
  scalars: AdamWScalars,
  epsilon = 1e-8,
): void {
  tidy(() => {
    const { clip, stepSize, decay, secondMomentScale, firstMomentKeep, secondMomentKeep } = scalars;
    const inputs = [parameter, firstMoment, secondMoment, gradient, clip, stepSize, decay];
    const [nextParameter, nextFirst, nextSecond] = composite(
      ADAMW,
      [...inputs, secondMomentScale, firstMomentKeep, secondMomentKeep],
      { epsilon },
      adamW(epsilon),
    );
    parameter.assign(nextParameter!);
    firstMoment.assign(nextFirst!);
    secondMoment.assign(nextSecond!);
  });
}

const adamW =
  (epsilon: number) =>
  (...inputs: Tensor[]): Tensor[] => {
    const [parameter, first, second, raw, clip, stepSize, decay] = inputs as [
      ...[Tensor, Tensor, Tensor, Tensor],
      ...[Tensor, Tensor, Tensor],
    ];
    const [scale, firstKeep, secondKeep] = inputs.slice(7) as [Tensor, Tensor, Tensor];
    const one = scalar(1);
    const gradient = mul(raw, clip);
    const nextFirst = add(mul(first, firstKeep), mul(gradient, sub(one, firstKeep)));
    const nextSecond = add(mul(second, secondKeep), mul(square(gradient), sub(one, secondKeep)));
    const denominator = add(mul(sqrt(nextSecond), scale), epsilon);
    const decayed = sub(parameter, mul(parameter, decay));
    return [sub(decayed, mul(div(nextFirst, denominator), stepSize)), nextFirst, nextSecond];
  };
