/** Tail probabilities with about ten exact digits, however small they are. */

/** P(X ≥ k) of a binomial variable, k from 0 to n. */
export function binomialAtLeast(k: number, n: number, chance: number): number {
  if (k <= 0) return 1;
  if (k > n || chance <= 0) return 0;
  if (chance >= 1) return 1;
  return incompleteBeta(chance, k, n - k + 1);
}

/** Two-sided p-value of k successes in n independent trials: twice the smaller tail, at most 1. */
export function binomialTest(k: number, n: number, chance: number): number {
  const above = binomialAtLeast(k, n, chance);
  // P(X ≤ k) as the upper tail of the failures, so that small values are exact.
  const below = binomialAtLeast(n - k, n, 1 - chance);
  return Math.min(1, 2 * Math.min(above, below));
}

/**
 * A lower bound of {@link binomialTest}, which takes a small part of its time. It holds since P(X ≥ k) is at least
 * e^(−n·D) / √(8·k·(1 − k/n)) for n·chance ≤ k < n, where D is the Kullback–Leibler divergence of k/n from the chance (Ash,
 * "Information Theory" (1965), lemma 4.7.2); the other tail is at least 1/2 there.
 */
export function binomialTestBound(k: number, n: number, chance: number): number {
  const [hits, misses] = [k / n, 1 - k / n];
  const least =
    k === 0
      ? n * Math.log1p(-chance)
      : k === n
        ? n * Math.log(chance)
        : -n * (hits * Math.log(hits / chance) + misses * Math.log(misses / (1 - chance))) -
          Math.log(8 * k * misses) / 2;
  // Less what the difference of logarithms may lack in digits.
  return Math.min(1, 2 * Math.exp(least) * (1 - 1e-6));
}

/**
 * Two-sided bound of the probability that a sum of independent variables deviates this far from its mean (Bernstein's
 * inequality).
 * @param variance variance of the sum
 * @param largest largest deviation of a single variable from its mean
 */
export function bernsteinTest(deviation: number, variance: number, largest: number): number {
  const distance = Math.abs(deviation);
  if (distance === 0) return 1;
  return Math.min(1, 2 * Math.exp(-(distance * distance) / (2 * (variance + (largest * distance) / 3))));
}

/** Two-sided p-value of a sum of squares, by the scaled χ² distribution with the given mean and variance. */
export function dispersionTest(sum: number, mean: number, variance: number): number {
  const scale = variance / (2 * mean);
  const half = mean / scale / 2;
  const x = sum / scale / 2;
  // Wilson and Hilferty: the cube root of χ²/freedom is nearly normal.
  const freedom = 2 * half;
  const z = (Math.cbrt((2 * x) / freedom) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom));
  return normalTest(z);
}

/** Two-sided p-value of a standard normal deviate. */
export function normalTest(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  // erfc by Chebyshev fitting (Numerical Recipes, section 6.2), relative error below 1.2e-7.
  const t = 1 / (1 + 0.5 * x);
  const series = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
    -0.82215223, 0.17087277,
  ].reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  return Math.min(1, t * Math.exp(-x * x + series));
}

/** The regularised incomplete beta function, by its continued fraction (Lentz's method). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  const tiny = 1e-300;
  const guard = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < 1_000_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-14) break;
  }
  return (front * fraction) / a;
}

/** ln Γ(x) for x > 0: Stirling's series, after shifting small x up. */
function logGamma(x: number): number {
  let shift = 0;
  let y = x;
  while (y < 16) shift += Math.log(y++);
  const inverse = 1 / (y * y);
  const series = 1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)));
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series / y - shift;
}
