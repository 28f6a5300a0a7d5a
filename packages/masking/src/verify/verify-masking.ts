import { type DatasetMetadata, listColumn, type MaskedColumns, placeOf } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import type { RecordBatch } from 'apache-arrow';
import { remaskRows } from '../rows/mask-rows.js';
import { IGNORED_LABEL } from '../rows/originals.js';
import { placesOfRows } from '../rows/places.js';
import { type MaskingRule, maskingRule } from '../rule.js';
import { findLawViolation } from './laws.js';
import { findDifference, findLengthViolation, type MaskingViolation } from './violation.js';

/** Masked record batches, in the order of their rows, and what is known of their making. */
export interface MaskedDataset extends AsyncIterable<RecordBatch> {
  /** What the dataset says about itself; absent or `undefined` where it says nothing. */
  readonly metadata?: DatasetMetadata | undefined;
}

/** What {@link verifyMasking} has found. */
export interface MaskingReport {
  /** Rows checked, up to the violation if there is one. */
  rows: number;
  /** Their tokens, padding left out. */
  tokens: number;
  /** Positions with a label. */
  labelled: number;
  /** `rule`: each row was compared with the rule's own result; `laws`: with what any seed could have made. */
  checked: 'rule' | 'laws';
  /** The first violating row; the check ends there. */
  violation?: MaskingViolation;
}

/**
 * Checks a masked dataset: by its metadata each row is restored, masked again and compared; without, or with `laws`
 * given, each row is checked against the laws that hold for any seed.
 * @param laws the rule where the dataset does not say, whatever its seed and probability; wins over its metadata
 * @throws InputError when the dataset is not masked, or neither metadata nor laws say how.
 */
export async function verifyMasking(dataset: MaskedDataset, laws?: MaskingRule): Promise<MaskingReport> {
  const check = laws || !dataset.metadata ? lawCheck(laws) : ruleCheck(dataset.metadata);
  const report: MaskingReport = { rows: 0, tokens: 0, labelled: 0, checked: check.checked };
  for await (const batch of dataset) {
    const columns = masked(batch);
    const violation = findLengthViolation(columns) ?? check.find(columns, batch, report.rows);
    if (violation) {
      return { ...report, violation: { ...violation, row: report.rows + violation.row } };
    }
    report.rows += batch.numRows;
    report.tokens += count(columns.attention_mask, (value) => value === 1);
    report.labelled += count(columns.labels, (value) => value !== IGNORED_LABEL);
  }
  const stated = statedRows(dataset.metadata);
  if (stated !== undefined && stated !== report.rows) {
    const message = `the dataset ends after ${report.rows} rows, but its metadata states ${stated}`;
    return { ...report, violation: { row: report.rows, position: 0, message } };
  }
  return report;
}

interface Check {
  checked: MaskingReport['checked'];
  find(columns: MaskedColumns, batch: RecordBatch, firstRow: number): MaskingViolation | undefined;
}

function ruleCheck(metadata: DatasetMetadata): Check {
  const { masking, tokenizer } = metadata;
  if (!masking) throw new InputError('the dataset is not masked: its metadata states no masking rule');
  const rule = maskingRule(tokenizer, masking);
  return {
    checked: 'rule',
    find(columns, batch, firstRow) {
      const indices = Array.from({ length: batch.numRows }, (_, i) => firstRow + i);
      const place = placeOf(batch) ?? placesOfRows(metadata.rows_per_unit, indices, metadata.split);
      // What breaks a law cannot be masked again: compare the rows before it.
      const broken = findLawViolation(columns, rule);
      const sound = broken ? firstRows(columns, broken.row) : columns;
      return findDifference(sound, remaskRows(sound, rule, place, 0)) ?? broken;
    },
  };
}

function lawCheck(laws?: MaskingRule): Check {
  if (!laws) {
    throw new InputError('the dataset does not say how it was masked: its tokenizer is needed to check it');
  }
  return { checked: 'laws', find: (columns) => findLawViolation(columns, laws) };
}

function masked(batch: RecordBatch): MaskedColumns {
  return {
    input_ids: listColumn(batch, 'input_ids'),
    labels: listColumn(batch, 'labels'),
    attention_mask: listColumn(batch, 'attention_mask'),
  };
}

function firstRows({ input_ids, labels, attention_mask }: MaskedColumns, count: number): MaskedColumns {
  return {
    input_ids: { ...input_ids, offsets: input_ids.offsets.subarray(0, count + 1) },
    labels: { ...labels, offsets: labels.offsets.subarray(0, count + 1) },
    attention_mask: { ...attention_mask, offsets: attention_mask.offsets.subarray(0, count + 1) },
  };
}

/** Rows of this split by the metadata (whose counts are over both splits); unknown in a stream. */
function statedRows(metadata: DatasetMetadata | undefined): number | undefined {
  return metadata?.counts && metadata.rows_per_unit.reduce((sum, rows) => sum + rows, 0);
}

function count(column: MaskedColumns[keyof MaskedColumns], matches: (value: number) => boolean): number {
  let sum = 0;
  const last = column.offsets[column.offsets.length - 1] ?? 0;
  for (let i = column.offsets[0] ?? 0; i < last; i++) if (matches(column.values[i]!)) sum++;
  return sum;
}
