import { type DatasetMetadata, listColumn, placeOf } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import { refuseUnknown } from '@mlm/base/options';
import type { RecordBatch } from 'apache-arrow';
import { IGNORED_LABEL } from '../rows/originals.js';
import { consecutiveRows, placesOfRows, type RowPlaces } from '../rows/places.js';
import { type MaskingRule, maskingRule } from '../rule.js';
import { BatchComparison } from './comparison.js';
import { RowCounter } from './counter.js';
import { mixedDocuments } from './documents.js';
import { type Expectation, type FoundColumns, unlikeLengths } from './laws.js';
import { addAgreement, Redraw } from './redraw.js';
import { scanRows } from './scan.js';
import { addTally, emptyTally, type Tally } from './tally.js';
import { FAILURE, type Statistics, testTally } from './tests.js';
import type { MaskingViolation } from './violation.js';

/** Masked record batches, in the order of their rows, and the dataset's metadata. */
export interface MaskedDataset extends AsyncIterable<RecordBatch> {
  /** The dataset's metadata, if it has any. */
  readonly metadata?: DatasetMetadata | undefined;
  /** Number of rows, if known; divides the rows into parts that are compared. */
  readonly rows?: number;
}

/** Options of {@link verifyMasking}. */
export interface VerifyOptions {
  /** Names an id in findings. Default: the id itself. */
  nameOf?: (id: number) => string;
  /** Offending rows to report. Default: 5. */
  violations?: number;
  /**
   * Protected ids that a dataset may mask whose settings are not declared, such as that of the unknown token: this is told, not
   * judged. Default: none.
   */
  mayMask?: readonly number[] | undefined;
}

/** The names of {@link VerifyOptions}. */
export const verifyOptions = { nameOf: true, violations: true, mayMask: true };

/** The result of {@link verifyMasking}. */
export interface MaskingReport extends Statistics {
  /** Rows checked. */
  rows: number;
  /** Their tokens, without padding. */
  tokens: number;
  /** Tokens that are not protected. */
  maskable: number;
  /** Positions with a label: masked ones or, with `labels: 'all'`, all but padding. */
  labelled: number;
  /**
   * `rule`: each row was compared with the rule's result; `laws`: it was checked against laws that hold for any seed.
   */
  checked: 'rule' | 'laws';
  /** The first violating rows, in order. */
  violations: MaskingViolation[];
  /** The first of them. */
  violation?: MaskingViolation | undefined;
  /** Whether there is no violation and no test fails. */
  isSound: boolean;
}

/** Tokens per thread whose masks are compared with those of other draws. */
const REDRAWN_TOKENS = 1 << 20;

/**
 * Checks a masked dataset. By its metadata, each row is restored, masked again and compared; with `laws` given, each
 * row is checked against laws that hold for any seed. Then the counts are tested statistically.
 * @param laws a rule to check the laws of, instead of the dataset's metadata; needed if there is none
 * @throws InputError if the dataset is not masked, or neither metadata nor `laws` say how.
 *
 * @example
 * ```ts
 * import { openDataset } from '@mlm/arrow';
 * import { verifyMasking } from '@mlm/masking';
 *
 * const { isSound, violations } = await verifyMasking(await openDataset('out.arrow'));
 * ```
 */
export async function verifyMasking(
  dataset: MaskedDataset,
  laws?: MaskingRule,
  options: VerifyOptions = {},
): Promise<MaskingReport> {
  refuseUnknown(options, verifyOptions);
  const check = new MaskingCheck(dataset.metadata, laws, options.violations, options.mayMask);
  let firstRow = 0;
  for await (const batch of dataset) {
    check.add(batch, firstRow, dataset.rows);
    firstRow += batch.numRows;
  }
  return reportOf(check, dataset.metadata, firstRow, options.nameOf);
}

/** Makes the report of a check, with the results of others joined into it. */
export function reportOf(
  check: MaskingCheck,
  metadata: DatasetMetadata | undefined,
  rows: number,
  nameOf?: (id: number) => string,
): MaskingReport {
  const { violations } = check;
  const tally = check.counted();
  const stated = statedRows(metadata);
  if (stated !== undefined && stated !== rows) {
    const message = `the dataset ends after ${rows} rows, but its metadata states ${stated}`;
    violations.push({ row: rows, position: 0, message });
  }
  const [first] = violations;
  const statistics = testTally(tally, check.rule, check.isDeclared, nameOf);
  return {
    rows,
    tokens: tally.tokens,
    maskable: tally.maskable,
    labelled: check.labelled,
    checked: check.isDeclared ? 'rule' : 'laws',
    violations,
    violation: first,
    ...statistics,
    isSound: violations.length === 0 && statistics.p >= FAILURE,
  };
}

/** Checks batches one by one. */
export class MaskingCheck {
  readonly rule: MaskingRule;
  readonly isDeclared: boolean;
  private readonly tally: Tally;
  readonly violations: MaskingViolation[] = [];
  labelled = 0;
  private readonly expectation: Expectation;
  private readonly counter: RowCounter;
  private readonly redraw: Redraw | undefined;
  private redrawn = 0;

  constructor(
    private readonly metadata: DatasetMetadata | undefined,
    laws: MaskingRule | undefined,
    private readonly mostViolations = 5,
    mayMask: readonly number[] = [],
  ) {
    this.isDeclared = laws === undefined;
    this.rule = laws ?? declaredRule(metadata);
    this.tally = emptyTally(this.rule.vocabularySize, 0);
    const { settings } = this.rule;
    this.expectation = {
      rule: this.rule,
      isDeclared: this.isDeclared,
      share: this.isDeclared ? settings.probability : Number.NaN,
      mayMask: this.isDeclared ? [] : mayMask,
    };
    this.counter = new RowCounter(this.expectation);
    this.redraw = this.isDeclared ? new Redraw(this.rule) : undefined;
  }

  /**
   * @param firstRow the batch's first row in the dataset
   * @param rows the dataset's number of rows, if known
   */
  add(batch: RecordBatch, firstRow: number, rows = Number.POSITIVE_INFINITY): void {
    const found = columnsOf(batch);
    const longest = this.makeRoom(found);
    const left = this.mostViolations - this.violations.length;
    const { expectation, counter, tally } = this;
    const most = Math.max(1, left);
    const [labelledBefore, tokensBefore] = [this.labelledSoFar(), tally.tokens];
    const unlike = unlikeLengths(found, most);
    const placesOf = (begin: number, count: number) => this.placesOf(batch, firstRow, begin, count);
    const comparison = this.redraw && new BatchComparison(this.redraw, found, placesOf, left, this.redraws);
    let broken = unlike;
    if (unlike.length > 0) comparison?.compare(0, unlike[0]!.row);
    else
      broken = scanRows(found, expectation, counter, tally, longest, firstRow, rows, most, (...scanned) =>
        comparison?.compareScanned(...scanned),
      );
    const { differences = [], agreement } = comparison ?? {};
    if (agreement && differences.length === 0) {
      this.redrawn += tally.tokens - tokensBefore;
      addAgreement(tally, agreement);
    }
    const mixed = mixedDocuments(found, this.metadata, most);
    const inOrder = [...differences, ...broken, ...mixed].sort((a, b) => a.row - b.row).slice(0, left);
    for (const violation of inOrder) {
      this.violations.push({
        ...violation,
        row: firstRow + violation.row,
        found: rowOf(found, violation.row),
      });
    }
    this.labelled += broken.length === 0 ? this.labelledSoFar() - labelledBefore : countLabels(found);
  }

  /** Whether masks are compared with those of other draws. */
  private get redraws(): boolean {
    return this.redrawn < REDRAWN_TOKENS && this.rule.settings.labels === 'masked';
  }

  /** Positions with a label in the rows that were counted, if none of them is broken. */
  private labelledSoFar(): number {
    return this.rule.settings.labels === 'all' ? this.tally.tokens : this.tally.masked;
  }

  /** The counts so far. */
  counted(): Tally {
    this.counter.collect(this.tally);
    return this.tally;
  }

  /** Adds the results of a check of other batches. */
  join(other: { tally: Tally; violations: MaskingViolation[]; labelled: number }): void {
    addTally(this.tally, other.tally);
    this.violations.push(...other.violations);
    this.violations.sort((a, b) => a.row - b.row).splice(this.mostViolations);
    this.labelled += other.labelled;
  }

  /** The places of `count` rows of a batch from its row `begin` on. */
  private placesOf(batch: RecordBatch, firstRow: number, begin: number, count: number): RowPlaces {
    const place = placeOf(batch);
    if (place) return consecutiveRows({ ...place, firstRow: place.firstRow + begin }, count);
    const indices = Float64Array.from({ length: count }, (_, i) => firstRow + begin + i);
    return placesOfRows(this.metadata!.rows_per_unit, indices, this.metadata!.split);
  }

  /** @returns the length of the longest row */
  private makeRoom({ input_ids: { offsets } }: FoundColumns): number {
    let longest = 0;
    for (let row = 1; row < offsets.length; row++)
      longest = Math.max(longest, offsets[row]! - offsets[row - 1]!);
    if (longest > this.tally.choicesAt.length)
      addTally(this.tally, emptyTally(this.rule.vocabularySize, longest));
    return longest;
  }
}

function declaredRule(metadata: DatasetMetadata | undefined): MaskingRule {
  if (!metadata) {
    throw new InputError('the dataset does not say how it was masked: its tokenizer is needed to check it');
  }
  const { masking, tokenizer } = metadata;
  if (!masking) throw new InputError('the dataset is not masked: its metadata states no masking rule');
  return maskingRule(tokenizer, masking);
}

function columnsOf(batch: RecordBatch): FoundColumns {
  const has = (column: string) => batch.schema.fields.some(({ name }) => name === column);
  if (!has('labels')) throw new InputError('the dataset is not masked: it has no column "labels"');
  return {
    input_ids: listColumn(batch, 'input_ids'),
    labels: listColumn(batch, 'labels'),
    attention_mask: has('attention_mask') ? listColumn(batch, 'attention_mask') : undefined,
    document_starts: has('document_starts') ? listColumn(batch, 'document_starts') : undefined,
  };
}

function rowOf({ input_ids, labels }: FoundColumns, row: number) {
  const cut = ({ values, offsets }: { values: Int32Array; offsets: Int32Array }) => [
    ...values.subarray(offsets[row], offsets[row + 1]),
  ];
  return { input_ids: cut(input_ids), labels: cut(labels) };
}

/** Rows of this split by the metadata, whose counts are over both splits; undefined in a stream. */
function statedRows(metadata: DatasetMetadata | undefined): number | undefined {
  return metadata?.counts && metadata.rows_per_unit.reduce((sum, rows) => sum + rows, 0);
}

function countLabels({ labels: { values, offsets } }: FoundColumns): number {
  let count = 0;
  const end = offsets.at(-1) ?? 0;
  for (let i = offsets[0] ?? 0; i < end; i++) if (values[i] !== IGNORED_LABEL) count++;
  return count;
}
