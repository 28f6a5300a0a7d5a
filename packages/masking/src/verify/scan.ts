import { chunkEnd } from '../rows/chunk.js';
import type { RowCounter, ScannedRows } from './counter.js';
import { type BrokenLaw, brokenCount, brokenLaw, type Expectation, type FoundColumns } from './laws.js';
import { PARTS, type Tally } from './tally.js';

/**
 * Checks each row of a batch against the laws of its rule, and counts. The kernel that counts only tells whether a row
 * is sound; {@link brokenLaw} finds what is wrong with a broken one, whose counts are useless.
 * @param longest length of the longest row
 * @param firstRow the batch's first row in the dataset, which has `rows` in all
 * @param onSound called with rows that follow one another, up to the first broken one: their first row in the batch, their
 *   number, and what was scanned of these and perhaps further rows
 * @returns the first broken law of each row, for at most `most` rows
 */
export function scanRows(
  found: FoundColumns,
  expectation: Expectation,
  counter: RowCounter,
  tally: Tally,
  longest: number,
  firstRow: number,
  rows: number,
  most: number,
  onSound: (begin: number, count: number, scanned: ScannedRows) => void = () => {},
): BrokenLaw[] {
  const { offsets } = found.input_ids;
  const { rule, isDeclared, share } = expectation;
  const isCounted = isDeclared && (rule.settings.min_masks ?? rule.settings.max_masks) !== undefined;
  const broken: BrokenLaw[] = [];
  const count = offsets.length - 1;
  for (let begin = 0, end = 0; begin < count; begin = end) {
    end = chunkEnd(offsets, begin, count);
    const scanned = counter.scan(found, begin, end, longest, tally);
    for (let row = begin; row < end; row++) {
      const { isSound, tokens, masked, choices, chosen } = scanned.of(row - begin);
      const isWanted = broken.length < most;
      if (!isSound && isWanted) {
        broken.push(brokenLaw(found, row, expectation)!);
      } else if (isSound && isCounted && isWanted) {
        const message = brokenCount(masked, tokens, choices, rule);
        if (message !== undefined) broken.push({ row, position: offsets[row + 1]! - offsets[row]!, message });
      }
      tally.rows++;
      tally.tokens += tokens;
      if (isSound) {
        tally.masked += masked;
        addRow(tally, choices, chosen, share, Math.floor(((firstRow + row) * PARTS) / rows));
      }
    }
    const soundEnd = Math.min(end, broken[0]?.row ?? end);
    if (soundEnd > begin) onSound(begin, soundEnd - begin, scanned);
  }
  return broken;
}

function addRow(tally: Tally, choices: number, chosen: number, share: number, part: number): void {
  tally.choices += choices;
  tally.chosen += chosen;
  tally.choicesIn[part]! += choices;
  tally.chosenIn[part]! += chosen;
  tally.squaredChoices += choices * choices;
  tally.squaredChosen += chosen * chosen;
  tally.choicesTimesChosen += choices * chosen;
  if (choices > tally.mostChoices) tally.mostChoices = choices;
  if (choices === 0) return;
  tally.filledRows++;
  tally.inverseChoices += 1 / choices;
  const deviation = chosen - share * choices;
  if (share > 0 && share < 1) tally.dispersion += (deviation * deviation) / (choices * share * (1 - share));
}
