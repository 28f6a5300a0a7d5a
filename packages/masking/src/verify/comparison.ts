import { giveBackMemory } from '@mlm/arrow/columns';
import { chunkEnd } from '../rows/chunk.js';
import { remaskRows } from '../rows/mask-rows.js';
import type { RowPlaces } from '../rows/places.js';
import type { ScannedRows } from './counter.js';
import type { FoundColumns } from './laws.js';
import { noAgreement, type Redraw } from './redraw.js';
import { findDifferences, type MaskingViolation } from './violation.js';

/** Compares a batch's rows with what the rule and its seed make of them. */
export class BatchComparison {
  /** The first rows that differ, with row numbers of the batch. */
  readonly differences: MaskingViolation[] = [];
  /** Masks of the rows that other draws make too. */
  readonly agreement = noAgreement();

  /**
   * @param placesOf the places of `count` rows of the batch from `begin` on
   * @param most differences to find
   * @param countsAgreement whether the rows' masks are compared with those of other draws
   */
  constructor(
    private readonly redraw: Redraw,
    private readonly found: FoundColumns,
    private readonly placesOf: (begin: number, count: number) => RowPlaces,
    private readonly most: number,
    private readonly countsAgreement: boolean,
  ) {}

  /** Compares sound rows, of which `scanned` has the first `count`. */
  compareScanned(begin: number, count: number, scanned: ScannedRows): void {
    const { found, redraw } = this;
    const sound = { found, begin, count, scanned, places: this.placesOf(begin, count) };
    if (this.countsAgreement && this.differences.length === 0) redraw.countAgreement(sound, this.agreement);
    if (this.differences.length < this.most && !redraw.isSame(sound)) this.compare(begin, begin + count);
  }

  /** Compares any rows, value by value. */
  compare(begin: number, end: number): void {
    const { found, differences, most } = this;
    const { offsets } = found.input_ids;
    for (let first = begin, last = begin; first < end && differences.length < most; first = last) {
      last = chunkEnd(offsets, first, end);
      const rows = rowsFrom(found, first, last);
      const expected = remaskRows(rows, this.redraw.rule, this.placesOf(first, last - first), 0);
      for (const difference of findDifferences(rows, expected, most - differences.length))
        differences.push({ ...difference, row: first + difference.row });
      giveBackMemory([expected.input_ids, expected.labels].map(({ values }) => values.buffer as ArrayBuffer));
    }
  }
}

/** The rows from `begin` up to `end`, which is left out; nothing is copied. */
function rowsFrom({ input_ids, labels, attention_mask }: FoundColumns, begin: number, end: number) {
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
