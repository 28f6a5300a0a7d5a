import type { ListColumn, MaskedColumns } from '@mlm/arrow';

/** The first place where a dataset is not what its rule makes. */
export interface MaskingViolation {
  /** Row in the dataset, from 0; where a single batch is looked at, in the batch. */
  row: number;
  /** Position in the row, from 0. */
  position: number;
  /** What was expected and found, as a line a person can read. */
  message: string;
}

const COLUMNS = ['input_ids', 'labels', 'attention_mask'] as const;

/** The first row whose columns differ in length, or `undefined`. */
export function findLengthViolation(found: MaskedColumns): MaskingViolation | undefined {
  const rows = found.input_ids.offsets.length - 1;
  for (let row = 0; row < rows; row++) {
    const [ids, labels, attention] = COLUMNS.map((name) => lengthOf(found[name], row));
    if (ids !== labels || ids !== attention) {
      const message = `lengths differ: input_ids ${ids}, labels ${labels}, attention_mask ${attention}`;
      return { row, position: 0, message };
    }
  }
  return undefined;
}

/** The first position where the columns differ from those that the rule makes; lengths are equal. */
export function findDifference(found: MaskedColumns, expected: MaskedColumns): MaskingViolation | undefined {
  const { offsets } = expected.input_ids;
  for (let row = 0; row < offsets.length - 1; row++) {
    const length = lengthOf(expected.input_ids, row);
    for (let position = 0; position < length; position++) {
      for (const name of COLUMNS) {
        const value = valueAt(found[name], row, position);
        const rule = valueAt(expected[name], row, position);
        if (value !== rule) {
          return { row, position, message: `${name} is ${value}, but the rule with its seed gives ${rule}` };
        }
      }
    }
  }
  return undefined;
}

export function lengthOf({ offsets }: ListColumn, row: number): number {
  return offsets[row + 1]! - offsets[row]!;
}

export function valueAt({ values, offsets }: ListColumn, row: number, position: number): number {
  return values[offsets[row]! + position]!;
}
