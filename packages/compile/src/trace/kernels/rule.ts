import type { TupleOf } from '@mlm/base/tuple';
import { backend_util, util } from '@tensorflow/tfjs-core';
import type { Attributes, OutputSpec, Value } from '../../graph/graph.js';

/** What a kernel call is recorded as: a new node, or an existing value. */
export type KernelCall =
  | {
      /** The node's operation. Default: the kernel's name. */
      readonly op?: string;
      readonly inputs?: readonly Value[];
      readonly attributes?: Attributes;
      readonly outputs: readonly OutputSpec[];
    }
  | { readonly same: Value };

/** How a tfjs kernel is recorded. */
export interface KernelRule {
  /** The names of the kernel's inputs, in the node's order; absent if the kernel takes a list of tensors. */
  readonly inputs?: readonly string[];
  /** Whether the kernel returns a list of tensors. */
  readonly list?: boolean;
  /**
   * @param sizesVary whether sizes are samples of named sizes, so that only a run can tell whether one is out of bounds
   */
  infer(inputs: readonly Value[], attributes: Attributes, sizesVary: boolean): KernelCall;
}

/** The rule of a kernel with these inputs, in the node's order. */
export const rule = <const Names extends readonly string[]>(
  inputs: Names,
  infer: (inputs: Readonly<TupleOf<Names, Value>>, attributes: Attributes, sizesVary: boolean) => KernelCall,
): KernelRule => ({ inputs, infer });

/** A value's shape, which has only numbers while recording. */
export const sizes = (value: Value): number[] => value.shape as number[];

export const numbers = (attribute: unknown): number[] => attribute as number[];

/** The axes of a reduction, counted from the front, in ascending order. */
export function axesOf(axis: unknown, value: Value): number[] {
  return util.parseAxisParam((axis ?? null) as number | number[], sizes(value)).sort((a, b) => a - b);
}

/** An axis counted from the front. */
export const frontAxis = (axis: unknown, rank: number): number =>
  (axis as number) < 0 ? (axis as number) + rank : (axis as number);

export const broadcast = (a: Value, b: Value): number[] =>
  backend_util.assertAndGetBroadcastShape(sizes(a), sizes(b));
