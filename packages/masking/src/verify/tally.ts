/** Distances of the pairs of positions that are compared; pairs of one distance are disjoint. */
export const DISTANCES = [1, 2, 4] as const;
/** Number of parts of a dataset, in the order of its rows, whose shares are compared. */
export const PARTS = 32;

/**
 * Counts over a dataset's rows. A _choice_ is what is masked as a whole: a token, or a word, counted at its first
 * token. All counts are sums, so those of several threads can be added.
 */
export interface Tally {
  rows: number;
  /** Positions that are not padding. */
  tokens: number;
  /** Of these, tokens that are not protected. */
  maskable: number;
  /** Of these, masked tokens; with labels at all tokens, only those whose id was replaced. */
  masked: number;
  /** Masked tokens that became [MASK] or another id, or were kept. */
  replacedByMask: number;
  replacedByOther: number;
  kept: number;
  /** Of those that became another id, the ones whose new id is protected. */
  replacedByProtected: number;
  /** Masked tokens that are protected, but may be masked; they are not maskable. */
  maskedProtected: number;
  /** Tokens that continue a word, and those of them that are masked, or not, as the token before. */
  continued: number;
  continuedAlike: number;
  /** Choices, and masked choices. */
  choices: number;
  chosen: number;
  /** Sums over rows of choices², chosen² and choices · chosen, from which the variance of a row's count follows. */
  squaredChoices: number;
  squaredChosen: number;
  choicesTimesChosen: number;
  /** Sums over rows with choices of 1 / choices and of (chosen − p · choices)² / (choices · p (1 − p)). */
  inverseChoices: number;
  dispersion: number;
  /** Rows with choices. */
  filledRows: number;
  /** The largest number of choices in a row. */
  mostChoices: number;
  /** By {@link DISTANCES}: pairs of a row's choices at this distance, and those of which both are masked. */
  pairs: Float64Array;
  bothChosen: Float64Array;
  /** By position in the row. */
  choicesAt: Float64Array;
  chosenAt: Float64Array;
  /** By id. */
  choicesOf: Float64Array;
  chosenOf: Float64Array;
  /** By part of the dataset. */
  choicesIn: Float64Array;
  chosenIn: Float64Array;
  /** Masked choices, and those of them that other draws mask too: of the next epoch, another seed, another copy. */
  chosenBefore: Float64Array;
  chosenAgain: Float64Array;
}

/** Names of the draws in {@link Tally.chosenAgain}, by index. */
export const OTHER_DRAWS = ['the next epoch', 'another seed', 'another copy of the row'] as const;

export function emptyTally(vocabularySize: number, longestRow: number): Tally {
  const zeros = (length: number) => new Float64Array(length);
  return {
    rows: 0,
    tokens: 0,
    maskable: 0,
    masked: 0,
    replacedByMask: 0,
    replacedByOther: 0,
    kept: 0,
    replacedByProtected: 0,
    maskedProtected: 0,
    continued: 0,
    continuedAlike: 0,
    choices: 0,
    chosen: 0,
    squaredChoices: 0,
    squaredChosen: 0,
    choicesTimesChosen: 0,
    inverseChoices: 0,
    dispersion: 0,
    filledRows: 0,
    mostChoices: 0,
    pairs: zeros(DISTANCES.length),
    bothChosen: zeros(DISTANCES.length),
    choicesAt: zeros(longestRow),
    chosenAt: zeros(longestRow),
    choicesOf: zeros(vocabularySize),
    chosenOf: zeros(vocabularySize),
    choicesIn: zeros(PARTS),
    chosenIn: zeros(PARTS),
    chosenBefore: zeros(OTHER_DRAWS.length),
    chosenAgain: zeros(OTHER_DRAWS.length),
  };
}

/** Adds the counts of another thread. */
export function addTally(to: Tally, from: Tally): void {
  for (const [name, value] of Object.entries(from) as [keyof Tally, number | Float64Array][]) {
    const sum = to[name];
    if (value instanceof Float64Array) {
      const longer =
        (sum as Float64Array).length >= value.length ? (sum as Float64Array) : new Float64Array(value.length);
      if (longer !== sum) longer.set(sum as Float64Array);
      value.forEach((count, i) => {
        longer[i]! += count;
      });
      (to as unknown as Record<string, unknown>)[name] = longer;
    } else {
      (to as unknown as Record<string, unknown>)[name] =
        name === 'mostChoices' ? Math.max(value, sum as number) : (sum as number) + value;
    }
  }
}
