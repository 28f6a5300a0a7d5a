import { TWO_TO_32 } from '../random/counter.js';

/**
 * A way to select the tokens to mask. It selects runs: one token or word, or several consecutive ones. Every token is
 * masked with the same probability, wherever it is.
 */
export interface Selection {
  /** What is masked as a whole: a token, or all tokens of a word. */
  readonly of: 'tokens' | 'words';
  /** Probability of each length of a run, from length 1 on; they sum to 1. */
  readonly lengths: readonly number[];
  /** Whether a run is replaced as one: all [MASK], all random or all kept. Default: each token separately. */
  readonly replacedAsOne?: boolean;
}

/** Normalizes weights to sum to 1. */
export function shares(weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The distribution of a selection's run lengths. */
export interface RunLengths {
  /** With a draw below `upTo[l] · 2^32`, a run has at most l + 1 words. */
  readonly upTo: readonly number[];
  /** The same for what is left, including the first word, of a run that is under way at the beginning of a stretch. */
  readonly leftUpTo: readonly number[];
  /** Mean length. */
  readonly mean: number;
}

/**
 * Cumulative probabilities of run lengths, and of the rest of a run from a random word in it: P(rest = r) = P(length ≥
 * r) / mean.
 */
export function runLengths(lengths: readonly number[]): RunLengths {
  const mean = lengths.reduce((sum, chance, i) => sum + chance * (i + 1), 0);
  const atLeast = lengths.map((_, i) => lengths.slice(i).reduce((sum, chance) => sum + chance, 0));
  return { upTo: cumulative(lengths), leftUpTo: cumulative(atLeast.map((chance) => chance / mean)), mean };
}

function cumulative(chances: readonly number[]): number[] {
  let sum = 0;
  return chances.map((chance) => {
    sum += chance;
    return sum;
  });
}

/**
 * The probability q with which a word outside any run begins one, so that a share p of all words is in runs: runs of
 * mean length m alternate with gaps, so p = q·m / (q·m + 1 − q).
 */
export function startChance(probability: number, mean: number): number {
  return probability === 0 ? 0 : probability / (mean * (1 - probability) + probability);
}

/** The length for a draw in [0, 2^32). */
export function lengthOf(draw: number, upTo: readonly number[]): number {
  let length = 1;
  while (length < upTo.length && draw >= upTo[length - 1]! * TWO_TO_32) length++;
  return length;
}
