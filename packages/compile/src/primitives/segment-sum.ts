/**
 * The reference for sums over duplicate indices in every target: tfjs's `UnsortedSegmentSum`, the gradient of
 * `tf.gather`, as a plain loop. The rows of each segment are added in order; rows whose id is no segment are ignored.
 *
 * @param values [rows, width]
 * @param ids [rows], the segment of each row
 * @param sums [segments, width], to which the sums are added
 */
export function segmentSum(
  values: ArrayLike<number>,
  ids: ArrayLike<number>,
  sums: { [index: number]: number; readonly length: number },
  segments: number,
): void {
  const width = sums.length / segments;
  for (let row = 0, from = 0; row < ids.length; row++) {
    const id = ids[row]!;
    if (!(id >= 0 && id < segments)) from += width;
    else for (let to = id * width; to < (id + 1) * width; to++) sums[to]! += values[from++]!;
  }
}
