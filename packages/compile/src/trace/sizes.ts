import type { DimensionTerm, SymbolicDimension } from '../graph/dimension.js';
import type { Graph } from '../graph/graph.js';

/** One recording of a function, and the values of its named sizes. */
export interface Sample {
  readonly sizes: ReadonlyMap<string, number>;
  readonly graph: Graph;
}

const PRIMES = [5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61] as const;

/**
 * The sizes to record a function with: every combination of two values per name, which determine a sum of products, and
 * one more sample to check it.
 *
 * @throws Error for more than four names
 */
export function sampleSizes(names: readonly string[]): ReadonlyMap<string, number>[] {
  if (names.length === 0) return [new Map()];
  if (names.length > 4) throw new Error(`a function may have at most 4 named sizes, not ${names.length}`);
  const corners = Array.from(
    { length: 2 ** names.length },
    (_, corner) => new Map(names.map((name, i) => [name, PRIMES[2 * i + ((corner >> i) & 1)]!])),
  );
  return [...corners, new Map(names.map((name, i) => [name, PRIMES[2 * names.length + i]!]))];
}

/**
 * Solves for the sum of products of named sizes that equals the number of each sample. @throws Error if there is none
 */
export function solveNumber(
  numbers: readonly number[],
  samples: readonly Sample[],
  names: readonly string[],
  where: string,
): number | SymbolicDimension {
  const [first] = numbers as [number];
  if (numbers.every((value) => Object.is(value, first))) return first;
  const terms: DimensionTerm[] = [];
  const corners = 2 ** names.length;
  // Divided differences over the corners give the factor of each subset of the names.
  for (let subset = corners - 1; subset > 0; subset--) {
    const chosen = names.filter((_, i) => (subset >> i) & 1);
    const factor = dividedDifference(numbers, samples, terms, names, subset);
    if (factor !== 0) terms.push({ factor, names: chosen });
  }
  const rest = numbers[0]! - evaluate(terms, samples[0]!);
  if (rest !== 0) terms.push({ factor: rest, names: [] });
  const solved = terms.every(({ factor }) => Number.isInteger(factor));
  if (!solved || !samples.every((sample, i) => evaluate(terms, sample) === numbers[i])) {
    const seen = samples.map(
      ({ sizes }, i) => `${numbers[i]} at ${[...sizes].map((s) => s.join('=')).join(' ')}`,
    );
    throw new Error(
      `a number at ${where} is not a sum of products of named sizes (${seen.join(', ')}); ` +
        'compute it with tensor operations, such as tf.mean instead of a division by a size',
    );
  }
  return { terms };
}

const evaluate = (terms: readonly DimensionTerm[], { sizes }: Sample): number =>
  terms.reduce((sum, { factor, names }) => sum + names.reduce((p, name) => p * sizes.get(name)!, factor), 0);

/** The factor of a subset's product: what the larger subsets leave, differenced along each of its names. */
function dividedDifference(
  numbers: readonly number[],
  samples: readonly Sample[],
  larger: readonly DimensionTerm[],
  names: readonly string[],
  subset: number,
): number {
  let difference = 0;
  let span = 1;
  names.forEach((name, i) => {
    if ((subset >> i) & 1) span *= samples[2 ** i]!.sizes.get(name)! - samples[0]!.sizes.get(name)!;
  });
  for (let corner = subset; ; corner = (corner - 1) & subset) {
    const rest = numbers[corner]! - evaluate(larger, samples[corner]!);
    difference += bitCount(subset ^ corner) % 2 === 0 ? rest : -rest;
    if (corner === 0) break;
  }
  return difference / span;
}

const bitCount = (bits: number): number => (bits === 0 ? 0 : (bits & 1) + bitCount(bits >> 1));
