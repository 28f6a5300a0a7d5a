import { type DatasetMetadata, listColumn, placeOf } from '@mlm/arrow';
import { giveBackMemory } from '@mlm/arrow/columns';
import { InputError } from '@mlm/base/errors';
import { refuseUnknown } from '@mlm/base/options';
import type { RecordBatch } from 'apache-arrow';
import { chunkEnd } from '../rows/chunk.js';
import { remaskRows } from '../rows/mask-rows.js';
import { IGNORED_LABEL } from '../rows/originals.js';
import { consecutiveRows, placesOfRows, type RowPlaces } from '../rows/places.js';
import { type MaskingRule, maskingRule } from '../rule.js';
import { selectionOf } from '../select/index.js';
import { RowCounter } from './counter.js';
import { mixedDocuments } from './documents.js';
import type { Expectation, FoundColumns } from './laws.js';
import { scanRows } from './scan.js';
import { addTally, emptyTally, type Tally } from './tally.js';
import { FAILURE, type Statistics, testTally } from './tests.js';
import { findDifferences, type MaskingViolation } from './violation.js';

/** Masked record batches, in the order of their rows, and what is known of their making. */
export interface MaskedDataset extends AsyncIterable<RecordBatch> {
  /** What the dataset says about itself; absent or `undefined` where it says nothing. */
  readonly metadata?: DatasetMetadata | undefined;
  /** How many rows there are, where it is known: by it the rows are divided into parts that are compared. */
  readonly rows?: number;
}

/** How {@link verifyMasking} looks. */
export interface VerifyOptions {
  /** Names an id in findings. Default: the id itself. */
  nameOf?: (id: number) => string;
  /** Offending rows to report. Default: 5. */
  violations?: number;
}

/** The names of {@link VerifyOptions}. */
export const verifyOptions = { nameOf: true, violations: true };

/** What {@link verifyMasking} has found. */
export interface MaskingReport extends Statistics {
  /** Rows checked. */
  rows: number;
  /** Their tokens, padding left out. */
  tokens: number;
  /** Tokens that are not protected. */
  maskable: number;
  /** Positions with a label: the masked ones, or with `labels: 'all'` every one but padding. */
  labelled: number;
  /** `rule`: each row was compared with the rule's own result; `laws`: with what any seed could have made. */
  checked: 'rule' | 'laws';
  /** The first violating rows, in their order. */
  violations: MaskingViolation[];
  /** The first of them. */
  violation?: MaskingViolation | undefined;
  /** Whether all is as it should be: no violation, and no test that fails. */
  isSound: boolean;
}

/** Tokens for which a thread compares the masks with those of other draws. */
const REDRAWN_TOKENS = 1 << 20;

/**
 * Checks a masked dataset. By its metadata each row is restored, masked again and compared; without, or with a rule given,
 * each row is checked against the laws that hold for any seed. Then what was counted is put to statistical tests.
 * @param laws the rule where the dataset does not say, whatever its settings; wins over its metadata
 * @throws InputError when the dataset is not masked, or neither metadata nor laws say how.
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
  const check = new MaskingCheck(dataset.metadata, laws, options.violations);
  let firstRow = 0;
  for await (const batch of dataset) {
    check.add(batch, firstRow, dataset.rows);
    firstRow += batch.numRows;
  }
  return reportOf(check, dataset.metadata, firstRow, options.nameOf);
}

/** Sums up what one check, or several that shared the batches, have found. */
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

/** Looks at batches one by one. */
export class MaskingCheck {
  readonly rule: MaskingRule;
  readonly isDeclared: boolean;
  private readonly tally: Tally;
  readonly violations: MaskingViolation[] = [];
  labelled = 0;
  private readonly expectation: Expectation;
  private readonly counter: RowCounter;
  private redrawn = 0;

  constructor(
    private readonly metadata: DatasetMetadata | undefined,
    laws: MaskingRule | undefined,
    private readonly mostViolations = 5,
  ) {
    this.isDeclared = laws === undefined;
    this.rule = laws ?? declaredRule(metadata);
    this.tally = emptyTally(this.rule.vocabularySize, 0);
    const { settings } = this.rule;
    this.expectation = {
      rule: this.rule,
      isDeclared: this.isDeclared,
      share: this.isDeclared ? settings.probability : Number.NaN,
    };
    this.counter = new RowCounter(this.expectation);
  }

  /**
   * @param firstRow of the batch in the dataset
   * @param rows of the whole dataset, if they are known
   */
  add(batch: RecordBatch, firstRow: number, rows = Number.POSITIVE_INFINITY): void {
    const found = columnsOf(batch);
    const longest = this.makeRoom(found);
    const left = this.mostViolations - this.violations.length;
    const { expectation, counter, tally } = this;
    const most = Math.max(1, left);
    const labelledBefore = this.labelledSoFar();
    const broken = scanRows(found, expectation, counter, tally, longest, firstRow, rows, most);
    const differences = this.isDeclared ? this.compare(found, batch, firstRow, broken[0]?.row, left) : [];
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

  /** Positions with a label in the rows that were counted, if none of them is broken. */
  private labelledSoFar(): number {
    return this.rule.settings.labels === 'all' ? this.tally.tokens : this.tally.masked;
  }

  /** What was counted so far. */
  counted(): Tally {
    this.counter.collect(this.tally);
    return this.tally;
  }

  /** Adds what another check has found in other batches. */
  join(other: { tally: Tally; violations: MaskingViolation[]; labelled: number }): void {
    addTally(this.tally, other.tally);
    this.violations.push(...other.violations);
    this.violations.sort((a, b) => a.row - b.row).splice(this.mostViolations);
    this.labelled += other.labelled;
  }

  /** The rows before the first broken one, which cannot be masked again, against the rule's own. */
  private compare(
    found: FoundColumns,
    batch: RecordBatch,
    firstRow: number,
    broken: number | undefined,
    most: number,
  ): MaskingViolation[] {
    const count = broken ?? batch.numRows;
    const sound = rowsFrom(found, 0, count);
    const places = this.placesOf(batch, firstRow, count);
    const { offsets } = found.input_ids;
    const differences: MaskingViolation[] = [];
    let tokens = 0;
    for (let begin = 0, end = 0; begin < count && differences.length < most; begin = end) {
      end = chunkEnd(offsets, begin, count);
      const rows = rowsFrom(sound, begin, end);
      const expected = remaskRows(rows, this.rule, placesFrom(places, begin, end), 0);
      tokens += expected.tokens;
      for (const difference of findDifferences(rows, expected, most - differences.length))
        differences.push({ ...difference, row: begin + difference.row });
      giveBackMemory([expected.input_ids, expected.labels].map(({ values }) => values.buffer as ArrayBuffer));
    }
    if (differences.length === 0 && this.redrawn < REDRAWN_TOKENS && this.rule.settings.labels === 'masked') {
      this.redrawn += tokens;
      this.compareDraws(sound, places);
    }
    return differences;
  }

  private placesOf(batch: RecordBatch, firstRow: number, count: number): RowPlaces {
    const place = placeOf(batch);
    if (place) return consecutiveRows(place, count);
    const indices = Float64Array.from({ length: count }, (_, i) => firstRow + i);
    return placesOfRows(this.metadata!.rows_per_unit, indices, this.metadata!.split);
  }

  /** Counts masked tokens that other draws mask too: the next epoch's, another seed's, another copy's of the row. */
  private compareDraws(found: FoundColumns, places: RowPlaces): void {
    const { rule, tally } = this;
    const { settings, classes } = rule;
    const byWords = selectionOf(settings.select).of === 'words';
    const next = remaskRows(found, rule, places, 1).labels;
    const seed = (settings.seed + 1) % Number.MAX_SAFE_INTEGER;
    const other = remaskRows(found, { ...rule, settings: { ...settings, seed } }, places, 0).labels;
    const { dupe_factor: copies = 1 } = settings;
    const { labels } = found;
    const shift = labels.offsets[0] ?? 0;
    const rows = labels.offsets.length - 1;
    for (let row = 0; row < rows; row++) {
      const start = labels.offsets[row]!;
      const end = labels.offsets[row + 1]!;
      const isSecond = copies > 1 && row > 0 && (places.rows[row]! % copies) % 2 === 1;
      const before = isSecond ? labels.offsets[row - 1]! - start : 0;
      for (let i = start; i < end; i++) {
        const label = labels.values[i]!;
        // Of a word that is cut, or begins in its middle, the first token cannot be told here: it is left out.
        if (label === IGNORED_LABEL || (byWords && classes[label] !== 1)) continue;
        tally.chosenBefore[0]!++;
        tally.chosenBefore[1]!++;
        if (next.values[i - shift] !== IGNORED_LABEL) tally.chosenAgain[0]!++;
        if (other.values[i - shift] !== IGNORED_LABEL) tally.chosenAgain[1]!++;
        if (!isSecond) continue;
        tally.chosenBefore[2]!++;
        if (labels.values[i + before] !== IGNORED_LABEL) tally.chosenAgain[2]!++;
      }
    }
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

/** The rows from `begin` up to `end`, which is left out; nothing is copied. */
function rowsFrom(
  { input_ids, labels, attention_mask }: FoundColumns,
  begin: number,
  end: number,
): FoundColumns {
  const cut = <T extends { offsets: Int32Array }>(column: T) => ({
    ...column,
    offsets: column.offsets.subarray(begin, end + 1),
  });
  return {
    input_ids: cut(input_ids),
    labels: cut(labels),
    attention_mask: attention_mask && cut(attention_mask),
  };
}

function placesFrom({ split, units, rows }: RowPlaces, begin: number, end: number): RowPlaces {
  return { split, units: units.subarray(begin, end), rows: rows.subarray(begin, end) };
}

function rowOf({ input_ids, labels }: FoundColumns, row: number) {
  const cut = ({ values, offsets }: { values: Int32Array; offsets: Int32Array }) => [
    ...values.subarray(offsets[row], offsets[row + 1]),
  ];
  return { input_ids: cut(input_ids), labels: cut(labels) };
}

/** Rows of this split by the metadata (whose counts are over both splits); unknown in a stream. */
function statedRows(metadata: DatasetMetadata | undefined): number | undefined {
  return metadata?.counts && metadata.rows_per_unit.reduce((sum, rows) => sum + rows, 0);
}

function countLabels({ labels: { values, offsets } }: FoundColumns): number {
  let count = 0;
  const end = offsets.at(-1) ?? 0;
  for (let i = offsets[0] ?? 0; i < end; i++) if (values[i] !== IGNORED_LABEL) count++;
  return count;
}
