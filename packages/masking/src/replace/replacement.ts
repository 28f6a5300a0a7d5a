import { TWO_TO_32 } from '../random/counter.js';
import type { DrawRows, Draws } from '../random/draws.js';

/** What becomes of masked tokens: shares of them, which sum to 1 with those that keep their ids. */
export interface Replacement {
  /** Share that [MASK] takes the place of. */
  readonly mask: number;
  /** Share that a random unprotected id takes the place of. */
  readonly random: number;
}

/** Masked positions of a few rows; the arrays may be longer than `count`. */
export interface MaskedPositions {
  count: number;
  /** Index in the column's values. */
  readonly indices: Int32Array;
  /** Which of the rows. */
  readonly rowOf: Int32Array;
  /** Which of these positions draws the kind of replacement: its own, or the first one of a run that is replaced as one. */
  readonly kindOf: Int32Array;
}

/** Puts [MASK] or a random id on masked positions, or keeps the id, by the replacement's shares. */
export function replaceMasked(
  ids: Int32Array,
  masked: MaskedPositions,
  rows: DrawRows,
  { maskId, randomIds }: { maskId: number; randomIds: Int32Array },
  { mask, random }: Replacement,
  draws: Draws,
): void {
  const { count, indices, kindOf } = masked;
  const { kinds, choices } = draws.replace(masked, rows, Math.max(1, randomIds.length));
  const maskBelow = mask * TWO_TO_32;
  const randomBelow = (mask + random) * TWO_TO_32;
  // Chosen by bits: a branch on a random number is mispredicted too often, which costs as much as drawing the number.
  for (let i = 0; i < count; i++) {
    const index = indices[i]!;
    const kind = kinds[kindOf[i]!]!;
    const isMask = -Number(kind < maskBelow);
    const isReplaced = -Number(kind < randomBelow);
    const randomId = randomIds[choices[i]!]!;
    ids[index] = (maskId & isMask) | (randomId & isReplaced & ~isMask) | (ids[index]! & ~isReplaced);
  }
}
