/**
 * The few lengths that rows are padded to, so that rows of similar length stand together and only few shapes need a
 * compiled graph: multiples of 32, or of more where that would make more than eight of them.
 */
export function paddedLengths(longest: number): number[] {
  const step = Math.ceil(longest / 8 / 32) * 32;
  const lengths: number[] = [];
  for (let length = step; length < longest; length += step) lengths.push(length);
  return [...lengths, longest];
}

/** The first of the ascending lengths that holds `length` tokens. */
export function paddedLength(lengths: readonly number[], length: number): number {
  for (const padded of lengths) if (length <= padded) return padded;
  throw new RangeError(`a row of ${length} tokens is longer than ${lengths.at(-1)}`);
}

/**
 * Batches in an epoch: the full ones of each padded length, then the rows left over, joined.
 *
 * @param rowsByLength how many rows each padded length has
 */
export function batchesPerEpoch(rowsByLength: Iterable<number>, batchSize: number): number {
  let full = 0;
  let left = 0;
  for (const rows of rowsByLength) {
    full += Math.floor(rows / batchSize);
    left += rows % batchSize;
  }
  return full + Math.ceil(left / batchSize);
}
