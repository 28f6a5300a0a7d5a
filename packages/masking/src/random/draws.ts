/** Rows to draw for: entry i of each array belongs to row i. */
export interface DrawRows {
  /** Number of rows; the arrays may be longer. */
  readonly count: number;
  /** Index of the row's first id in the column's values. */
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  /** Number of padding positions at the row's end. */
  readonly padding: Int32Array;
  /** The row's number in its unit. */
  readonly rows: Int32Array;
  readonly units: Int32Array;
  /** Counter word 3 of the row's selection. */
  readonly lasts: Int32Array;
}

/** Positions to draw for: entry i of each array belongs to position i. */
export interface DrawPositions {
  /** Number of positions; the arrays may be longer. */
  readonly count: number;
  /** Index of the position in the column's values. */
  readonly indices: Int32Array;
  /** Index of the position's row. */
  readonly rowOf: Int32Array;
}

/** Replacement draws; entry i belongs to position i. */
export interface Replacements {
  /** In [0, 2^32): which kind of replacement. */
  readonly kinds: ArrayLike<number>;
  /** In [0, range): which of the unprotected ids. */
  readonly choices: ArrayLike<number>;
}

/** Draws of runs of words, in [0, 2^32); entry i belongs to position i. */
export interface Runs {
  /** The length of a run that begins here. */
  readonly lengths: ArrayLike<number>;
  /** Whether a run is under way at the beginning of a stretch of text. */
  readonly underWay: ArrayLike<number>;
  /** The rest of that run. */
  readonly left: ArrayLike<number>;
}

/** The random draws that the rules need. Results are views that the next call may overwrite. */
export interface Draws {
  /**
   * One bit per position, set where its draw is below `chance`: `ceil(length / 32)` words per row, row after row,
   * position p of a row at bit `p & 31` of its word `p >> 5`. Bits past a row's end are 0.
   */
  select(rows: DrawRows, chance: number): Uint32Array;
  /** The draws of one row that {@link select} compares, in [0, 2^32). */
  rank(rows: DrawRows, row: number): ArrayLike<number>;
  runs(positions: DrawPositions, rows: DrawRows): Runs;
  replace(positions: DrawPositions, rows: DrawRows, range: number): Replacements;
}

/** Number of words that the rows' selection bits take. */
export function countBitWords({ count, lengths }: DrawRows): number {
  let words = 0;
  for (let i = 0; i < count; i++) words += (lengths[i]! + 31) >>> 5;
  return words;
}
