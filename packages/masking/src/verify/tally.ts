/** Distances at which pairs of positions are looked at: pairs of one distance have no position in common. */
export const DISTANCES = [1, 2, 4] as const;
/** Parts of a dataset, in the order of its rows, whose shares are compared. */
export const PARTS = 32;

/**
 * What is counted of a dataset's rows. A _choice_ is what is masked all or none: a token, or a word by its first token.
 * All of it are sums, so that several threads can count and be added up.
 */
export interface Tally {
  rows: number;
  /** Positions that are no padding. */
  tokens: number;
  /** Of these, tokens that are not protected. */
  maskable: number;
  /** Of these, tokens that are masked: with labels at all tokens only those that another id replaces. */
  masked: number;
  /** Masked tokens by what took their place: [MASK], another id, nothing. */
  replacedByMask: number;
  replacedByOther: number;
  kept: number;
  /** Of the other ids, protected ones. */
  replacedByProtected: number;
  /** Choices, and those that are masked. */
  choices: number;
  chosen: number;
  /** Sums over rows: choices², (chosen − p · choices)² by the share that is expected, and its parts where p is not known. */
  squaredChoices: number;
  squaredChosen: number;
  choicesTimesChosen: number;
  /** Sum over rows of 1 / choices for rows that have some, and of (chosen − p · choices)² / (choices · p (1 − p)). */
  inverseChoices: number;
  dispersion: number;
  /** Rows that have choices. */
  filledRows: number;
  /** The most choices of a row. */
  mostChoices: number;
  /** By {@link DISTANCES}: pairs of a row's choices that lie so far apart, and those of which both are masked. */
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
  /** Choices that are masked, and those of them that other draws mask too: the next epoch's, another seed's, another copy's. */
  chosenBefore: Float64Array;
  chosenAgain: Float64Array;
}

/** What {@link Tally.chosenAgain} counts, by index. */
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

/** Adds what another thread counted. */
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
