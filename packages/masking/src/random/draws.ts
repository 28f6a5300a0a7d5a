/** Rows to draw for: entry i of each array belongs to row i. */
export interface DrawRows {
  /** Index of the row's first id in the column's values. */
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  /** Row in its unit. */
  readonly rows: Int32Array;
  readonly units: Int32Array;
}

/** Selected positions to draw replacements for: entry i of each array belongs to position i. */
export interface DrawPositions {
  /** Index of the id in the column's values. */
  readonly indices: Int32Array;
  /** Position in the row. */
  readonly positions: Int32Array;
  readonly rows: Int32Array;
  readonly units: Int32Array;
}

/** Replacement draws; entry i belongs to position i. */
export interface Replacements {
  /** In [0, 2^32): below 0.8 of it [MASK], below 0.9 a random id, else kept. */
  readonly kinds: ArrayLike<number>;
  /** In [0, range): which of the unprotected ids. */
  readonly choices: ArrayLike<number>;
}

/**
 * The random draws that the rule needs. Results are views which the next call may overwrite.
 */
export interface Draws {
  /**
   * One bit a position, set where its draw is below `probability`: `ceil(length / 32)` words a row, row after row,
   * position p of a row at bit `p & 31` of its word `p >> 5`. Bits past a row's end are 0.
   */
  select(rows: DrawRows, probability: number): Uint32Array;
  replace(positions: DrawPositions, range: number): Replacements;
}

/** Words of selection bits that the rows take. */
export function countBitWords(lengths: Int32Array): number {
  let words = 0;
  for (const length of lengths) words += (length + 31) >>> 5;
  return words;
}
