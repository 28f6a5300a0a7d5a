import { backend_util, util } from '@tensorflow/tfjs-core';
import type { Attributes, OutputSpec, Value } from '../../graph/graph.js';

/** What a kernel call becomes: a node, or no node at all because the result is a value that exists already. */
export type KernelCall =
  | {
      /** The node's operation if it is not the kernel's name. */
      readonly op?: string;
      readonly inputs?: readonly Value[];
      readonly attributes?: Attributes;
      readonly outputs: readonly OutputSpec[];
    }
  | { readonly same: Value };

/** How one tfjs kernel is recorded. */
export interface KernelRule {
  /** The kernel's inputs in the node's order; absent for kernels of a list of tensors. */
  readonly inputs?: readonly string[];
  /** The kernel returns a list of tensors. */
  readonly list?: boolean;
  /** @param sizesVary the sizes are samples of named sizes, so that a size out of bounds is the run's to refuse */
  infer(inputs: readonly Value[], attributes: Attributes, sizesVary: boolean): KernelCall;
}

/** Numbers of a shape while recording, when every size is a sample. */
export const sizes = (value: Value): number[] => value.shape as number[];

export const numbers = (attribute: unknown): number[] => attribute as number[];

/** The axes that a reduction names, not negative and in order. */
export function axesOf(axis: unknown, value: Value): number[] {
  return util.parseAxisParam((axis ?? null) as number | number[], sizes(value)).sort((a, b) => a - b);
}

/** An axis counted from the front. */
export const frontAxis = (axis: unknown, rank: number): number =>
  (axis as number) < 0 ? (axis as number) + rank : (axis as number);

export const broadcast = (a: Value, b: Value): number[] =>
  backend_util.assertAndGetBroadcastShape(sizes(a), sizes(b));
