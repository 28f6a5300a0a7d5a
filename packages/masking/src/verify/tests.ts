import { replacementOf } from '../replace/index.js';
import type { MaskingRule } from '../rule.js';
import { selectionOf } from '../select/index.js';
import { bernsteinTest, binomialTest, binomialTestBound, dispersionTest } from './statistics.js';
import { DISTANCES, OTHER_DRAWS, PARTS, type Tally } from './tally.js';

/** The probability that a sound dataset fails any of its tests. */
export const FAILURE = 1e-6;

/** A statistical test of a dataset's counts. */
export interface StatisticalTest {
  /** The figure tested, such as `share of tokens that are masked`. */
  name: string;
  /** The number of figures tested; the p-value is that of the worst one, corrected for their number. */
  figures: number;
  /** The probability of a result at least this far from the expected one; 1 if nothing could be counted. */
  p: number;
  /** The worst figure in words: `position 17: 812 of 10,000, expected 1,500`. */
  finding: string;
}

/** The results of all tests. */
export interface Statistics {
  tests: StatisticalTest[];
  /** The smallest p-value, corrected for the number of tests. Below 10⁻⁶, the dataset is not sound. */
  p: number;
  /** Figures reported without a verdict, and what could not be checked. */
  notes: string[];
}

/** Without Intl, whose data takes tens of milliseconds to load. */
const whole = (value: number) =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

/**
 * Tests counts against the rule's expectations.
 * @param isDeclared whether the settings are the dataset's own; otherwise shares are compared with the observed overall
 * share
 * @param nameOf names an id
 */
export function testTally(
  tally: Tally,
  rule: MaskingRule,
  isDeclared: boolean,
  nameOf: (id: number) => string = String,
): Statistics {
  const { settings } = rule;
  const selection = selectionOf(settings.select);
  const isCounted =
    isDeclared &&
    (settings.exact_count === true || settings.min_masks !== undefined || settings.max_masks !== undefined);
  const hasRuns = isDeclared && selection.lengths.length > 1;
  const { choices, chosen } = tally;
  const p = isDeclared && !isCounted ? settings.probability : chosen / Math.max(1, choices);
  const what = isDeclared && selection.of === 'words' ? 'words' : 'tokens';
  const tests: StatisticalTest[] = [];
  const notes: string[] = [];
  const labelsAll = isDeclared && settings.labels === 'all';
  if (labelsAll) {
    notes.push(
      'labels are at all tokens, which hides masked tokens that were kept, so shares are not judged',
    );
    return { tests, p: 1, notes };
  }

  // The share as a whole.
  if (!isDeclared) {
    notes.push(`share of tokens that are masked: ${percent(p)}, not judged, since no settings are declared`);
  } else if (isCounted) {
    notes.push(
      `share of ${what} that are masked: ${percent(p)}, not judged, since a row's number of masks is bounded`,
    );
  } else {
    const deviation = chosen - p * choices;
    tests.push({
      name: `share of ${what} that are masked`,
      figures: 1,
      // Words of a run are masked together, so only rows are independent.
      p: hasRuns
        ? bernsteinTest(deviation, tally.squaredChoices * p * (1 - p), tally.mostChoices)
        : binomialTest(chosen, choices, p),
      finding: `${whole(chosen)} of ${whole(choices)} (${percent(chosen / Math.max(1, choices))}), expected ${percent(p)}`,
    });
  }

  // What masked tokens became.
  const { mask, random } = replacementOf(settings.replace);
  const drawn = tally.replacedByMask + tally.replacedByOther + tally.kept;
  const figure = (count: number) =>
    `${whole(count)} of ${whole(drawn)} (${percent(count / Math.max(1, drawn))})`;
  if (!isDeclared) {
    notes.push(
      `replaced by [MASK] ${figure(tally.replacedByMask)}, by other ids ${figure(tally.replacedByOther)}, kept ${figure(tally.kept)}; not judged`,
    );
    if (tally.replacedByProtected > 0) {
      notes.push(
        `${whole(tally.replacedByProtected)} masked tokens were replaced by a special token, as run_mlm does`,
      );
    }
    if (tally.maskedProtected > 0) {
      notes.push(
        `${whole(tally.maskedProtected)} masked tokens are unknown ones, as run_mlm and BERT’s own script mask them`,
      );
    }
    if (tally.continued > 0) {
      const [alike, continued] = [tally.continuedAlike, tally.continued];
      const verdict =
        alike === continued
          ? 'words are masked as a whole'
          : `expected ${percent(p * p + (1 - p) * (1 - p))} if they were independent; not judged`;
      notes.push(
        `tokens that continue a word masked, or not, as the token before: ${whole(alike)} of ${whole(continued)} (${percent(alike / continued)}), ${verdict}`,
      );
    }
  } else if (selection.replacedAsOne && mask < 1) {
    notes.push(
      `replaced by [MASK] ${figure(tally.replacedByMask)}; not judged, since spans are replaced as one`,
    );
  } else if (mask < 1) {
    const others = random * (1 - 1 / Math.max(1, rule.randomIds.length));
    const figures = [
      { name: 'replaced by [MASK]', count: tally.replacedByMask, expected: mask },
      { name: 'replaced by another id', count: tally.replacedByOther, expected: others },
    ];
    tests.push(
      worst(
        'what masked tokens became',
        figures.map(({ name, count, expected }) => ({
          p: binomialTest(count, drawn, expected),
          finding: `${name}: ${figure(count)}, expected ${percent(expected)}`,
        })),
      ),
    );
  }

  // Equal shares everywhere. If a row's tokens depend on one another, counts are scaled down to the equivalent number
  // of independent ones.
  const dependence = isDeclared && !hasRuns && !isCounted ? 1 : designEffect(tally, p);
  const leastLikely = (
    name: string,
    counts: Float64Array,
    hits: Float64Array,
    effect: number,
    figureOf: (i: number) => string,
  ): StatisticalTest => {
    let [least, at, figures] = [1, -1, 0];
    for (let i = 0; i < counts.length; i++) {
      if (counts[i] === 0) continue;
      figures++;
      const [k, n] = [Math.round(hits[i]! / effect), Math.round(counts[i]! / effect)];
      // One of tens of thousands of ids is looked for, and most are nowhere near it.
      if (binomialTestBound(k, n, p) >= least) continue;
      const here = binomialTest(k, n, p);
      if (here < least) [least, at] = [here, i];
    }
    if (at < 0) return worst(name, [], figures);
    const share = `${whole(hits[at]!)} of ${whole(counts[at]!)} (${percent(hits[at]! / counts[at]!)})`;
    return worst(name, [{ p: least, finding: `${figureOf(at)}: ${share}, expected ${percent(p)}` }], figures);
  };
  // Each row has one choice at a position, and rows are independent.
  tests.push(
    leastLikely('equal shares at all positions', tally.choicesAt, tally.chosenAt, 1, (i) => `position ${i}`),
    leastLikely(
      'equal shares of all tokens',
      tally.choicesOf,
      tally.chosenOf,
      dependence,
      (id) => `token ${nameOf(id)}`,
    ),
    leastLikely(
      'equal shares in all parts of the rows',
      tally.choicesIn,
      tally.chosenIn,
      dependence,
      (i) => `part ${i + 1} of ${PARTS} of the rows`,
    ),
  );

  // The spread over rows: neither more nor less than that of independent draws.
  if (isDeclared && !hasRuns && !isCounted && p > 0 && p < 1 && tally.filledRows >= 100) {
    const variance = 2 * tally.filledRows + (1 / (p * (1 - p)) - 6) * tally.inverseChoices;
    tests.push({
      name: 'spread over rows',
      figures: 1,
      p: dispersionTest(tally.dispersion, tally.filledRows, variance),
      finding: `${(tally.dispersion / tally.filledRows).toFixed(4)} times that of independent draws`,
    });
  }

  // Neighbours, and other draws.
  const neighbours = DISTANCES.map((distance, i) => {
    const [both, pairs] = [tally.bothChosen[i]!, tally.pairs[i]!];
    return {
      p: binomialTest(both, pairs, p * p),
      finding: `both of two at distance ${distance}: ${whole(both)} of ${whole(pairs)} (${percent(both / Math.max(1, pairs))}), expected ${percent(p * p)}`,
    };
  });
  if (isDeclared && !hasRuns && !isCounted) tests.push(worst('independence of neighbours', neighbours));
  else notes.push(...neighbours.map(({ finding }) => `${finding} if they were independent; not judged`));
  const others = OTHER_DRAWS.flatMap((name, i) => {
    const [before, again] = [tally.chosenBefore[i]!, tally.chosenAgain[i]!];
    if (before === 0 || hasRuns || isCounted) return [];
    return [
      {
        p: binomialTest(again, before, p),
        finding: `also masked by ${name}: ${whole(again)} of ${whole(before)} (${percent(again / before)}), expected ${percent(p)}`,
      },
    ];
  });
  if (others.length > 0) tests.push(worst('independence of other draws', others));
  return { tests, p: Math.min(1, tests.length * Math.min(1, ...tests.map((test) => test.p))), notes };
}

/**
 * The worst of several figures, its p-value corrected for their number (Bonferroni). No figures pass the test.
 * @param count the number of figures, if these are the worst of more
 */
function worst(
  name: string,
  figures: { p: number; finding: string }[],
  count = figures.length,
): StatisticalTest {
  if (count === 0) return { name, figures: 0, p: 1, finding: 'nothing that can be masked' };
  const least = figures.reduce((a, b) => (b.p < a.p ? b : a), { p: 1, finding: 'as expected' });
  return { name, figures: count, p: Math.min(1, least.p * count), finding: least.finding };
}

/** The variance of a row's count as a multiple of that of independent draws; at least 1. */
function designEffect(
  { choices, squaredChoices, squaredChosen, choicesTimesChosen }: Tally,
  p: number,
): number {
  const variance = squaredChosen - 2 * p * choicesTimesChosen + p * p * squaredChoices;
  const independent = choices * p * (1 - p);
  return independent > 0 ? Math.max(1, variance / independent) : 1;
}
