import type { ListColumn, MaskedColumns } from '@mlm/arrow/columns';
import { replacementOf } from '../replace/index.js';
import { IGNORED_LABEL } from '../rows/originals.js';
import type { MaskingRule } from '../rule.js';
import { selectionOf } from '../select/index.js';
import { BEGINS, PROTECTED } from '../select/words.js';

/** The columns of a batch; datasets made elsewhere need not have an attention_mask. */
export type FoundColumns = Omit<MaskedColumns, 'attention_mask' | 'document_starts'> & {
  attention_mask?: ListColumn<Int8Array> | undefined;
  document_starts?: ListColumn<Int32Array> | undefined;
};

/** What rows are checked against. */
export interface Expectation {
  /** Settings and lookup tables; the seed is not used. */
  rule: MaskingRule;
  /** Whether the settings are the dataset's own; otherwise only laws that hold for any settings are checked. */
  isDeclared: boolean;
  /** The expected share of masked choices, for the spread over rows; NaN if it is unknown. */
  share: number;
  /** Protected ids that may be masked all the same. */
  mayMask?: readonly number[];
}

/** The first position of a row that the rule could not have made. */
export interface BrokenLaw {
  /** Row in the batch. */
  row: number;
  position: number;
  /** What is wrong, with ids as numbers. */
  message: string;
}

/**
 * The first law that a row breaks, apart from those on the number of masked tokens. The row's columns must have equal
 * lengths.
 */
export function brokenLaw(
  { input_ids, labels, attention_mask }: FoundColumns,
  row: number,
  expectation: Expectation,
): BrokenLaw | undefined {
  const { rule, isDeclared, mayMask = [] } = expectation;
  const idsOfRow = rowOf(input_ids, row);
  const labelsOfRow = rowOf(labels, row);
  const attention = attention_mask && rowOf(attention_mask, row);
  const { classes, maskId, padId, vocabularySize, settings } = rule;
  const labelsAll = settings.labels === 'all';
  const byWords = tellsWords(expectation);
  let tokens = idsOfRow.length;
  while (tokens > 0 && idsOfRow[tokens - 1] === padId) tokens--;
  let afterCut = true;
  let wordIsMasked = false;
  for (let position = 0; position < idsOfRow.length; position++) {
    const message = position < tokens ? problemOfToken(position) : problemOfPadding(position);
    if (message !== undefined) return { row, position, message };
  }
  return undefined;

  function problemOfToken(position: number): string | undefined {
    const id = idsOfRow[position]!;
    const label = labelsOfRow[position]!;
    if (attention && attention[position] !== 1) {
      return `attention_mask is ${attention[position]} on a real token, expected 1`;
    }
    if (id >>> 0 >= vocabularySize) {
      return `input_ids holds ${id}, expected an id of the vocabulary, 0 to ${vocabularySize - 1}`;
    }
    const hasLabel = label !== IGNORED_LABEL;
    if (hasLabel && label >>> 0 >= vocabularySize) {
      return `the label is ${label}, expected ${IGNORED_LABEL} or an id of the vocabulary, 0 to ${vocabularySize - 1}`;
    }
    if (labelsAll && !hasLabel) return `the label is ${IGNORED_LABEL} on a real token, expected its id`;
    const kind = classes[hasLabel ? label : id]!;
    const isMasked = labelsAll ? id !== label : hasLabel;
    if (kind === PROTECTED) {
      afterCut = true;
      if (!isMasked) return undefined;
      return mayMask.includes(label)
        ? problemOfReplacement(id, label)
        : `the protected token ${label} was masked`;
    }
    const isChoice = !byWords || kind === BEGINS || afterCut;
    afterCut = false;
    if (isMasked) {
      const problem = problemOfReplacement(id, label);
      if (problem !== undefined) return problem;
    }
    if (isChoice) wordIsMasked = isMasked;
    else if (isMasked !== wordIsMasked) {
      return 'a word is masked in part: expected all of its tokens or none';
    }
    return undefined;
  }

  function problemOfReplacement(id: number, label: number): string | undefined {
    if (id === maskId) return undefined;
    const { mask, random } = replacementOf(settings.replace);
    if (id === label ? mask === 1 : random === 0) {
      return `a masked token was replaced by ${id}, expected [MASK] (${maskId})`;
    }
    if (id !== label && isDeclared && classes[id] === PROTECTED) {
      return `a masked token was replaced by the protected token ${id}`;
    }
    return undefined;
  }

  function problemOfPadding(position: number): string | undefined {
    if (attention && attention[position] !== 0) {
      return `attention_mask is ${attention[position]} on padding, expected 0`;
    }
    if (labelsOfRow[position] === IGNORED_LABEL) return undefined;
    return `the label is ${labelsOfRow[position]} on padding, expected ${IGNORED_LABEL}`;
  }
}

/**
 * Whether rows show if words were masked as a whole. With labels at all tokens they do only if every masked token
 * became [MASK], since a kept one looks like one that was not masked.
 */
export function tellsWords({ rule: { settings }, isDeclared }: Expectation): boolean {
  if (!isDeclared || selectionOf(settings.select).of === 'tokens') return false;
  return settings.labels === 'masked' || replacementOf(settings.replace).mask === 1;
}

function rowOf<T extends Int32Array | Int8Array>({ values, offsets }: ListColumn<T>, row: number): T {
  return values.subarray(offsets[row], offsets[row + 1]) as T;
}

/** What is wrong with the number of masked tokens in a row, if anything. */
export function brokenCount(
  masked: number,
  tokens: number,
  choices: number,
  { settings }: MaskingRule,
): string | undefined {
  const { min_masks = 0, max_masks, select, labels } = settings;
  if (labels === 'all' || selectionOf(select).of === 'words') return undefined;
  if (max_masks !== undefined && masked > max_masks) {
    return `${masked} of the row's ${tokens} tokens are masked, expected at most ${max_masks}`;
  }
  // A row with fewer choices has all of them masked; the comparison with the rule checks which.
  if (masked < Math.min(min_masks, choices)) {
    return `${masked} of the row's ${tokens} tokens are masked, expected at least ${min_masks}`;
  }
  return undefined;
}

/** The first `most` rows whose columns differ in length. */
export function unlikeLengths(found: FoundColumns, most: number): BrokenLaw[] {
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
