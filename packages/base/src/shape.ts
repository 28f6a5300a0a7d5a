/**
 * The number of elements of a tensor.
 *
 * @param shape its sizes, outermost axis first; `[]` is a scalar, which has one element
 *
 * @example
 * ```ts
 * import { elementCount } from '@mlm/base';
 *
 * console.log(elementCount([32, 128])); // 4096
 * ```
 */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
