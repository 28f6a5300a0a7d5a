/**
 * Floating-point operations of the matrix products of one training step: forward, and twice that for the gradients.
 * @param {{ layers: number, hidden: number, vocabulary: number, batch: number, sequence: number, masked: number }} sizes
 */
export function matmulFlops({ layers, hidden, vocabulary, batch, sequence, masked }) {
  const tokens = batch * sequence;
  const projections = 12 * hidden * hidden; // query, key, value, output, and the feed-forward pair
  const attention = 2 * sequence * hidden; // scores, and their product with the values
  const encoder = layers * tokens * (projections + attention);
  const head = masked * (hidden * hidden + hidden * vocabulary);
  return 3 * 2 * (encoder + head);
}
