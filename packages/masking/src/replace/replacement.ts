/** What becomes of masked tokens: shares that sum to 1, drawn for each of them. */
export interface Replacement {
  /** Share that [MASK] takes the place of. */
  readonly mask: number;
  /** Share that a random unprotected id takes the place of. The rest keep their ids. */
  readonly random: number;
}
