/**
 * The size of an axis: a number, or an expression of named sizes that are known only when the graph runs. An expression
 * is a sum of products, such as `2*masked + 1` or `batch*sequence`.
 */
export type Dimension = number | SymbolicDimension;

/** A size that is known only when the graph runs: the sum of its terms. */
export interface SymbolicDimension {
  readonly terms: readonly DimensionTerm[];
}

/** `factor` times the product of the named sizes; a term without names is constant. */
export interface DimensionTerm {
  readonly factor: number;
  readonly names: readonly string[];
}

/** The size of every axis, outermost first; a scalar has none. */
export type Shape = readonly Dimension[];

/**
 * Whether a dimension, or a node's attribute, is an expression of named sizes rather than a number.
 *
 * @example
 * ```ts
 * import { isSymbolic, trace } from '@mlm/compile';
 * import * as tf from '@tensorflow/tfjs-core';
 *
 * const graph = trace((_, { x }) => ({ y: tf.relu(x!) }), { inputs: { x: { shape: ['batch', 3], dtype: 'float32' } } });
 * console.log(graph.outputs.y!.shape.map(isSymbolic)); // [true, false]
 * ```
 */
export function isSymbolic(value: unknown): value is SymbolicDimension {
  return typeof value === 'object' && value !== null && 'terms' in value;
}

/** The value of a dimension for given sizes. @throws Error if a size is missing */
export function evaluateDimension(dimension: Dimension, sizes: ReadonlyMap<string, number>): number {
  if (!isSymbolic(dimension)) return dimension;
  return dimension.terms.reduce((sum, { factor, names }) => {
    const product = names.reduce((value, name) => {
      const size = sizes.get(name);
      if (size === undefined) throw new Error(`the size '${name}' is unknown`);
      return value * size;
    }, factor);
    return sum + product;
  }, 0);
}

/** A dimension as text: `12`, `batch`, `2*masked + 1`. Dimensions are equal exactly if their texts are. */
export function formatDimension(dimension: Dimension): string {
  if (!isSymbolic(dimension)) return String(dimension);
  return dimension.terms
    .map(({ factor, names }) => (factor === 1 && names.length > 0 ? names : [factor, ...names]).join('*'))
    .join(' + ');
}

/** A shape as text: `[batch,128]`; a scalar's is `[]`. */
export const formatShape = (shape: Shape): string => `[${shape.map(formatDimension).join(',')}]`;

export function sameDimension(a: Dimension, b: Dimension): boolean {
  return a === b || (isSymbolic(a) && isSymbolic(b) && formatDimension(a) === formatDimension(b));
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => sameDimension(dimension, b[axis]!));
}

/** The shape as plain numbers. @throws Error if a size is known only at run time */
export function staticShape(shape: Shape): number[] {
  return shape.map((dimension) => {
    if (isSymbolic(dimension))
      throw new Error(`the shape ${formatShape(shape)} is known only when the graph runs`);
    return dimension;
  });
}
