import { countBitWords, type DrawRows, type Draws } from '../random/draws.js';
import { kernelDraws } from '../random/kernel.js';
import { type MaskedPositions, type Replacement, replaceMasked, replacementOf } from '../replace/index.js';
import { chunkRows } from '../rows/apply.js';
import { keyOf } from '../rows/mask-rows.js';
import { fromZero, IGNORED_LABEL } from '../rows/originals.js';
import type { RowPlaces } from '../rows/places.js';
import type { MaskingRule } from '../rule.js';
import { selectionOf } from '../select/index.js';
import { selectPositions } from '../select/select.js';
import { BEGINS, type MaskedBits } from '../select/words.js';
import type { ScannedRows } from './counter.js';
import type { FoundColumns } from './laws.js';
import { OTHER_DRAWS } from './tally.js';

/** Sound rows of a chunk: `count` of those that were scanned from row `begin` of the batch on. */
export interface SoundRows {
  found: FoundColumns;
  begin: number;
  count: number;
  scanned: ScannedRows;
  /** Their places in the dataset. */
  places: RowPlaces;
}

/** Masks that other draws make too: those of {@link OTHER_DRAWS}. */
export interface Agreement {
  readonly chosenBefore: Float64Array;
  readonly chosenAgain: Float64Array;
}

export function noAgreement(): Agreement {
  const zeros = () => new Float64Array(OTHER_DRAWS.length);
  return { chosenBefore: zeros(), chosenAgain: zeros() };
}

export function addAgreement(to: Agreement, from: Agreement): void {
  for (const i of OTHER_DRAWS.keys()) {
    to.chosenBefore[i]! += from.chosenBefore[i]!;
    to.chosenAgain[i]! += from.chosenAgain[i]!;
  }
}

/**
 * Draws the masks of sound rows again. Since such rows obey the laws, their bits tell what masking them would give, so that no
 * columns are made.
 */
export class Redraw {
  private readonly replacement: Replacement;
  private readonly hidesKept: boolean;
  private readonly draws: Draws;
  private readonly others: { rule: MaskingRule; epoch: number; draws: Draws }[];

  constructor(readonly rule: MaskingRule) {
    const { settings } = rule;
    this.replacement = replacementOf(settings.replace);
    this.hidesKept = settings.labels === 'all' && this.replacement.mask < 1;
    const seed = (settings.seed + 1) % Number.MAX_SAFE_INTEGER;
    const reseeded = { ...rule, settings: { ...settings, seed } };
    this.draws = kernelDraws(keyOf(rule));
    this.others = [
      { rule, epoch: 1, draws: this.draws },
      { rule: reseeded, epoch: 0, draws: kernelDraws(keyOf(reseeded)) },
    ];
  }

  /** Whether the rows are what the rule makes of their originals, which it then overwrites. */
  isSame(sound: SoundRows): boolean {
    const { rule, draws, replacement, hidesKept } = this;
    const { ids, originals, maskable, masked } = sound.scanned;
    const rows = drawRows(sound, rule, 0);
    const selected = selectPositions(rows, originals, rule, draws);
    const words = countBitWords(rows);
    for (let i = 0; i < words; i++) {
      const expected = selected.bits[i]! & maskable[i]!;
      if (hidesKept ? masked[i]! & ~expected : masked[i]! ^ expected) return false;
    }
    // By the laws, all that is masked is [MASK].
    if (replacement.mask === 1) return true;
    const positions = positionsOf(selected, maskable, rows);
    replaceMasked(originals, positions, rows, rule, replacement, draws);
    for (let i = 0; i < positions.count; i++) {
      const at = positions.indices[i]!;
      if (ids[at] !== originals[at]) return false;
    }
    return true;
  }

  /**
   * Counts masked choices that other draws mask too: those of the next epoch, of another seed, of another copy of the row.
   */
  countAgreement(sound: SoundRows, { chosenBefore, chosenAgain }: Agreement): void {
    const { classes, settings } = this.rule;
    const { originals, masked } = sound.scanned;
    const byWords = selectionOf(settings.select).of === 'words';
    for (const [i, { rule, epoch, draws }] of this.others.entries()) {
      const rows = drawRows(sound, rule, epoch);
      const { bits } = selectPositions(rows, originals, rule, draws);
      for (let row = 0, word = 0; row < rows.count; row++) {
        const end = rows.starts[row]! + rows.lengths[row]!;
        for (let first = rows.starts[row]!; first < end; first += 32, word++) {
          for (let left = masked[word]!; left !== 0; left &= left - 1) {
            const bit = left & -left;
            // Words count by their first token, so a word whose beginning is cut off is left out.
            if (byWords && classes[originals[first + 31 - Math.clz32(bit)]!] !== BEGINS) continue;
            chosenBefore[i]!++;
            if (bits[word]! & bit) chosenAgain[i]!++;
          }
        }
      }
    }
    const { dupe_factor: copies = 1 } = settings;
    if (copies === 1) return;
    const { values, offsets } = sound.found.labels;
    for (let row = Math.max(1, sound.begin); row < sound.begin + sound.count; row++) {
      if ((sound.places.rows[row - sound.begin]! % copies) % 2 === 0) continue;
      const before = offsets[row - 1]! - offsets[row]!;
      for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
        const label = values[i]!;
        if (label === IGNORED_LABEL || (byWords && classes[label] !== BEGINS)) continue;
        chosenBefore[2]!++;
        if (values[i + before] !== IGNORED_LABEL) chosenAgain[2]!++;
      }
    }
  }
}

/** The inputs to the draws of the rows, which begin at index 0 of their originals. The next call overwrites them. */
function drawRows(
  { found, begin, count, scanned, places }: SoundRows,
  rule: MaskingRule,
  epoch: number,
): DrawRows {
  const { offsets } = fromZero({
    ...found.input_ids,
    offsets: found.input_ids.offsets.subarray(begin, begin + count + 1),
  });
  const rows = chunkRows(offsets, places, 0, count, epoch, rule.settings.dupe_factor ?? 1);
  for (let i = 0; i < count; i++) rows.padding[i] = rows.lengths[i]! - scanned.of(i).tokens;
  return rows;
}

let room = { indices: new Int32Array(0), rowOf: new Int32Array(0), kindOf: new Int32Array(0) };

/** The positions that are selected and can be masked. The next call overwrites them. */
function positionsOf({ bits, runStarts }: MaskedBits, maskable: Int32Array, rows: DrawRows): MaskedPositions {
  const most = 32 * countBitWords(rows);
  if (room.indices.length < most) {
    const array = () => new Int32Array(most);
    room = { indices: array(), rowOf: array(), kindOf: array() };
  }
  const { indices, rowOf, kindOf } = room;
  let count = 0;
  let kind = 0;
  for (let row = 0, word = 0; row < rows.count; row++) {
    const end = rows.starts[row]! + rows.lengths[row]!;
    for (let first = rows.starts[row]!; first < end; first += 32, word++) {
      for (let left = bits[word]! & maskable[word]!; left !== 0; left &= left - 1) {
        const bit = left & -left;
        if (!runStarts || runStarts[word]! & bit) kind = count;
        indices[count] = first + 31 - Math.clz32(bit);
        rowOf[count] = row;
        kindOf[count++] = kind;
      }
    }
  }
  return { count, indices, rowOf, kindOf };
}
