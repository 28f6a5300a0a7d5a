/** An id that may stand at a [MASK], and how probable the model finds it there. */
export interface Candidate {
  id: number;
  probability: number;
}

/** The ids of the `count` largest probabilities, the largest first. */
export function mostProbable(probabilities: Float32Array, count: number): Candidate[] {
  const ids = Uint32Array.from(probabilities.keys());
  ids.sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
  return Array.from(ids.subarray(0, count), (id) => ({ id, probability: probabilities[id]! }));
}
