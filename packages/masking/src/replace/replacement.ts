import { TWO_TO_32 } from '../random/counter.js';
import type { DrawRows, Draws } from '../random/draws.js';

/** Shares of the masked tokens that are replaced; the rest keep their ids. */
export interface Replacement {
  /** Share replaced by [MASK], from 0 to 1. */
  readonly mask: number;
  /** Share replaced by a random unprotected id, from 0 to 1. */
  readonly random: number;
}

/** Masked positions of a few rows; the arrays may be longer than `count`. */
export interface MaskedPositions {
  count: number;
  /** Index in the column's values. */
  readonly indices: Int32Array;
  /** Index of the position's row. */
  readonly rowOf: Int32Array;
  /**
   * The position whose draw decides the kind of replacement: this one, or the first of a run that is replaced as one.
   */
  readonly kindOf: Int32Array;
}

/** Replaces the ids at masked positions by [MASK] or a random id, or keeps them, in the replacement's shares. */
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
  // Chosen by bits: a branch on a random number is mispredicted so often that it costs as much as the draw.
  for (let i = 0; i < count; i++) {
    const index = indices[i]!;
    const kind = kinds[kindOf[i]!]!;
    const isMask = -Number(kind < maskBelow);
    const isReplaced = -Number(kind < randomBelow);
    const randomId = randomIds[choices[i]!]!;
    ids[index] = (maskId & isMask) | (randomId & isReplaced & ~isMask) | (ids[index]! & ~isReplaced);
  }
}
