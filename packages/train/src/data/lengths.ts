/**
 * The few lengths that rows are padded to, so that rows of similar length share a batch and few shapes need compiling:
 * multiples of 32, or of a larger number if that would give more than eight.
 */
export function paddedLengths(longest: number): number[] {
  const step = Math.ceil(longest / 8 / 32) * 32;
  const lengths: number[] = [];
  for (let length = step; length < longest; length += step) lengths.push(length);
  return [...lengths, longest];
}

/** The first of the ascending lengths that is at least `length`. */
export function paddedLength(lengths: readonly number[], length: number): number {
  for (const padded of lengths) if (length <= padded) return padded;
  throw new RangeError(`a row of ${length} tokens is longer than ${lengths.at(-1)}`);
}

/**
 * Batches in an epoch: full ones for each padded length, then those of the joined leftover rows.
 *
 * @param rowsByLength the number of rows of each padded length
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
