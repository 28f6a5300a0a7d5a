/** @param {readonly number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ index) => sorted[index] ?? Number.NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
}

/**
 * Median of the ratios of two series, round by round: both sides of a round met the same state of the machine.
 * @param {readonly number[]} a
 * @param {readonly number[]} b
 */
export function medianRatio(a, b) {
  const rounds = Math.min(a.length, b.length);
  return median(a.slice(0, rounds).map((value, round) => value / (b[round] ?? Number.NaN)));
}
