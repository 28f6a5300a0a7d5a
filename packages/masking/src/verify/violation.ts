import type { ListColumn, MaskedColumns } from '@mlm/arrow';
import type { FoundColumns } from './laws.js';

/** A place where a dataset differs from what its rule makes. */
export interface MaskingViolation {
  /** Row in the dataset, from 0. */
  row: number;
  /** Position in the row, from 0. */
  position: number;
  /** What was found and expected, as a readable line. */
  message: string;
  /** The row as found, for a caller that can show it as text; absent if rows are missing. */
  found?: { input_ids: number[]; labels: number[] };
}

const COLUMNS = ['input_ids', 'labels', 'attention_mask'] as const;

/** The first position of each row where the columns differ from the rule's. Lengths must be equal. */
export function findDifferences(
  found: FoundColumns,
  expected: MaskedColumns,
  most: number,
): MaskingViolation[] {
  const differences: MaskingViolation[] = [];
  if (COLUMNS.every((name) => haveEqualValues(found[name], expected[name]))) return differences;
  const rows = expected.input_ids.offsets.length - 1;
  for (let row = 0; row < rows && differences.length < most; row++) {
    const difference = differenceInRow(found, expected, row);
    if (difference) differences.push(difference);
  }
  return differences;
}

function differenceInRow(
  found: FoundColumns,
  expected: MaskedColumns,
  row: number,
): MaskingViolation | undefined {
  const length = expected.input_ids.offsets[row + 1]! - expected.input_ids.offsets[row]!;
  for (let position = 0; position < length; position++) {
    for (const name of COLUMNS) {
      const column = found[name];
      if (!column) continue;
      const value = valueAt(column, row, position);
      const rule = valueAt(expected[name], row, position);
      if (value !== rule) {
        return { row, position, message: `${name} is ${value}, but the rule with its seed gives ${rule}` };
      }
    }
  }
  return undefined;
}

/** Compares all rows at once, as bytes. */
function haveEqualValues(found: ListColumn | undefined, expected: ListColumn): boolean {
  if (!found) return true;
  return Buffer.compare(bytesOf(found), bytesOf(expected)) === 0;
}

function bytesOf({ values, offsets }: ListColumn): Uint8Array {
  const rows = values.subarray(offsets[0], offsets.at(-1));
  return new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
}

export function valueAt({ values, offsets }: ListColumn, row: number, position: number): number {
  return values[offsets[row]! + position]!;
}
