/** The number of elements of a tensor of this shape, outermost axis first; 1 for a scalar, whose shape is `[]`. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
