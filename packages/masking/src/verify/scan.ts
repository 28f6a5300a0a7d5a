import type { ListColumn, MaskedColumns } from '@mlm/arrow/columns';
import { replacementOf } from '../replace/index.js';
import { IGNORED_LABEL } from '../rows/originals.js';
import type { MaskingRule } from '../rule.js';
import { selectionOf } from '../select/index.js';
import { BEGINS, PROTECTED } from '../select/words.js';
import { DISTANCES, PARTS, type Tally } from './tally.js';

/** The columns of a batch; datasets from elsewhere need not have an attention_mask. */
export type FoundColumns = Omit<MaskedColumns, 'attention_mask' | 'document_starts'> & {
  attention_mask?: ListColumn<Int8Array> | undefined;
  document_starts?: ListColumn<Int32Array> | undefined;
};

/** What rows are held to. */
export interface Expectation {
  /** Settings and lookup tables; its seed plays no part here. */
  rule: MaskingRule;
  /** Whether the settings are the dataset's own; else only what any settings must keep is a law. */
  isDeclared: boolean;
  /** The share of choices that is expected to be masked, for the spread over rows; NaN where it is not known. */
  share: number;
}

/** The first place of a row that is not what the rule could have made. */
export interface BrokenLaw {
  /** Row in the batch. */
  row: number;
  position: number;
  /** What is wrong; ids are named by the caller. */
  message: string;
}

const WORD_CUT = 'a word is masked in part: expected all of its tokens or none';

/**
 * Holds each row of a batch to the laws of its rule, and counts. What is counted of a row that breaks a law is of no use.
 * @param firstRow of the batch in the dataset, of `rows` in all
 * @returns the first broken law of each of at most `most` rows
 */
export function scanRows(
  found: FoundColumns,
  expectation: Expectation,
  tally: Tally,
  firstRow: number,
  rows: number,
  most: number,
): BrokenLaw[] {
  // Rows of unlike columns have no positions in common.
  const broken = unlikeLengths(found, most);
  if (broken.length > 0) return broken;
  const count = found.input_ids.offsets.length - 1;
  // A few rows at a time: a function that is entered once a batch is optimised in its loop alone, and left again at its end.
  for (let begin = 0; begin < count && broken.length < most; begin += ROWS_AT_A_TIME) {
    const end = Math.min(count, begin + ROWS_AT_A_TIME);
    scanSomeRows(found, begin, end, expectation, tally, firstRow, rows, most, broken);
  }
  return broken;
}

const ROWS_AT_A_TIME = 32;

function scanSomeRows(
  found: FoundColumns,
  begin: number,
  end: number,
  { rule, isDeclared, share }: Expectation,
  tally: Tally,
  firstRow: number,
  rows: number,
  most: number,
  broken: BrokenLaw[],
): void {
  const { classes, isProtected, maskId, padId, vocabularySize, settings } = rule;
  const labelsAll = settings.labels === 'all';
  const { mask, random } = replacementOf(settings.replace);
  const mayKeep = mask < 1;
  const mayDraw = random > 0;
  const byWords = isDeclared && selectionOf(settings.select).of === 'words';
  const ids = found.input_ids.values;
  const labels = found.labels.values;
  const attention = found.attention_mask?.values;
  const { choicesAt, chosenAt, choicesOf, chosenOf } = tally;
  // Sums of a batch stay in local variables: fields of an object would be boxed anew at each token.
  let [maskable, byMask, kept, byOther, byProtected] = [0, 0, 0, 0, 0];
  let [pairs1, pairs2, pairs4, both1, both2, both4] = [0, 0, 0, 0, 0, 0];
  for (let row = begin; row < end && broken.length < most; row++) {
    const start = found.input_ids.offsets[row]!;
    const length = found.input_ids.offsets[row + 1]! - start;
    const labelStart = found.labels.offsets[row]!;
    const attentionStart = found.attention_mask?.offsets[row] ?? 0;
    let last = length;
    while (last > 0 && ids[start + last - 1] === padId) last--;
    let message: string | undefined;
    let position = 0;
    let afterCut = true;
    let wordMasked = 0;
    let choices = 0;
    let chosen = 0;
    let choiceBits = 0;
    let chosenBits = 0;
    let maskedInRow = 0;
    for (; position < last; position++) {
      const id = ids[start + position]!;
      const label = labels[labelStart + position]!;
      if (attention !== undefined && attention[attentionStart + position] !== 1) {
        message = `attention_mask is ${attention[attentionStart + position]} on a real token, expected 1`;
        break;
      }
      if (id >>> 0 >= vocabularySize) {
        message = `input_ids holds ${id}, expected an id of the vocabulary, 0 to ${vocabularySize - 1}`;
        break;
      }
      const hasLabel = label !== IGNORED_LABEL;
      if (hasLabel && label >>> 0 >= vocabularySize) {
        message = `the label is ${label}, expected ${IGNORED_LABEL} or an id of the vocabulary, 0 to ${vocabularySize - 1}`;
        break;
      }
      if (labelsAll && !hasLabel) {
        message = `the label is ${IGNORED_LABEL} on a real token, expected its id`;
        break;
      }
      const original = hasLabel ? label : id;
      const kind = classes[original]!;
      const isMasked = labelsAll ? id !== label : hasLabel;
      if (kind === PROTECTED) {
        if (isMasked) {
          message = `the protected token ${label} was masked`;
          break;
        }
        afterCut = true;
        choiceBits <<= 1;
        chosenBits <<= 1;
        continue;
      }
      const masked = isMasked ? 1 : 0;
      maskable++;
      if (isMasked) {
        maskedInRow++;
        if (id === maskId) byMask++;
        else if (id === label) {
          if (!mayKeep) {
            message = `a masked token was replaced by ${id}, expected [MASK] (${maskId})`;
            break;
          }
          kept++;
        } else {
          if (!mayDraw) {
            message = `a masked token was replaced by ${id}, expected [MASK] (${maskId})`;
            break;
          }
          if (isProtected[id] === 1) {
            if (isDeclared) {
              message = `a masked token was replaced by the protected token ${id}`;
              break;
            }
            byProtected++;
          }
          byOther++;
        }
      }
      const isChoice = !byWords || kind === BEGINS || afterCut;
      afterCut = false;
      if (isChoice) {
        wordMasked = masked;
        choices++;
        choicesAt[position]!++;
        choicesOf[original]!++;
        if (isMasked) {
          chosen++;
          chosenAt[position]!++;
          chosenOf[original]!++;
        }
      } else if (masked !== wordMasked) {
        message = WORD_CUT;
        break;
      }
      choiceBits = (choiceBits << 1) | (isChoice ? 1 : 0);
      chosenBits = (chosenBits << 1) | (isChoice ? masked : 0);
      const pairs = choiceBits & 1;
      const both = chosenBits & 1;
      pairs1 += pairs & (choiceBits >>> 1) & position;
      both1 += both & (chosenBits >>> 1) & position;
      pairs2 += pairs & (choiceBits >>> 2) & (position >>> 1);
      both2 += both & (chosenBits >>> 2) & (position >>> 1);
      pairs4 += pairs & (choiceBits >>> 4) & (position >>> 2);
      both4 += both & (chosenBits >>> 4) & (position >>> 2);
    }
    for (; message === undefined && position < length; position++) {
      const label = labels[labelStart + position]!;
      if (attention !== undefined && attention[attentionStart + position] !== 0) {
        message = `attention_mask is ${attention[attentionStart + position]} on padding, expected 0`;
      } else if (label !== IGNORED_LABEL) {
        message = `the label is ${label} on padding, expected ${IGNORED_LABEL}`;
      }
      if (message) break;
    }
    message ??= isDeclared && !labelsAll ? countProblem(maskedInRow, last, choices, rule) : undefined;
    if (message !== undefined) broken.push({ row, position, message });
    tally.rows++;
    tally.tokens += last;
    tally.masked += maskedInRow;
    addRow(tally, choices, chosen, share, Math.floor(((firstRow + row) * PARTS) / rows));
  }
  tally.maskable += maskable;
  tally.replacedByMask += byMask;
  tally.kept += kept;
  tally.replacedByOther += byOther;
  tally.replacedByProtected += byProtected;
  const pairCounts = [pairs1, pairs2, pairs4];
  const bothCounts = [both1, both2, both4];
  for (let i = 0; i < DISTANCES.length; i++) {
    tally.pairs[i]! += pairCounts[i]!;
    tally.bothChosen[i]! += bothCounts[i]!;
  }
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

/** Whether a row has as many masked tokens as the settings allow. */
function countProblem(
  masked: number,
  tokens: number,
  choices: number,
  { settings }: MaskingRule,
): string | undefined {
  const { min_masks = 0, max_masks, select } = settings;
  if (max_masks !== undefined && masked > max_masks && selectionOf(select).of === 'tokens') {
    return `${masked} of the row's ${tokens} tokens are masked, expected at most ${max_masks}`;
  }
  // A row of fewer choices than that has them all masked; which is for the comparison with the rule to tell.
  if (masked < Math.min(min_masks, choices) && selectionOf(select).of === 'tokens') {
    return `${masked} of the row's ${tokens} tokens are masked, expected at least ${min_masks}`;
  }
  return undefined;
}

function unlikeLengths(found: FoundColumns, most: number): BrokenLaw[] {
  const broken: BrokenLaw[] = [];
  const count = found.input_ids.offsets.length - 1;
  for (let row = 0; row < count && broken.length < most; row++) {
    const lengthOf = ({ offsets }: ListColumn) => offsets[row + 1]! - offsets[row]!;
    const ids = lengthOf(found.input_ids);
    const labels = lengthOf(found.labels);
    const attention = found.attention_mask ? lengthOf(found.attention_mask) : ids;
    if (ids === labels && ids === attention) continue;
    const message = `lengths differ: input_ids ${ids}, labels ${labels}, attention_mask ${attention}`;
    broken.push({ row, position: 0, message });
  }
  return broken;
}
