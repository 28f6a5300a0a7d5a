/**
 * Floating-point operations of the matrix products of one training step: forward, and twice that for the gradients.
 * Whatever the family: its weights by their shapes, and attention. ELECTRA's and ALBERT's projection of the embeddings is
 * left out, less than a hundredth of the whole.
 * @param {import('@mlm/train/core').Model} model
 * @param {{ batch: number, sequence: number, masked: number }} sizes
 */
export function matmulFlops({ parameters, limits }, { batch, sequence, masked }) {
  let ofLayers = 0;
  let ofHead = 0;
  for (const { shape, layer } of parameters) {
    const [rows = 0, columns] = shape;
    if (columns === undefined) continue;
    if (layer === 'head') ofHead += rows * columns;
    else if (layer !== 'embeddings') ofLayers += rows * columns;
  }
  // The decoder is the table of word embeddings.
  const words = parameters.find(({ shape }) => shape.length === 2 && shape[0] === limits.vocabulary);
  ofHead += limits.vocabulary * (words?.shape[1] ?? 0);
  const weights = (ofLayers * limits.layers) / limits.ownLayers;
  const attention = limits.layers * 2 * limits.attended(sequence) * limits.hidden; // scores, and their product with the values
  return 3 * 2 * (batch * sequence * (weights + attention) + masked * ofHead);
}
