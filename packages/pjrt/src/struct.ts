import { type FieldName, type FunctionName, fields } from './functions.js';

/** What a field may be given: a number, an address, or an array whose address is meant. */
export type FieldValue = number | bigint | NodeJS.TypedArray;

/** Slots before a struct's own fields: its size, and the chain of extensions. */
const HEAD = 2;

/**
 * Slots behind the known fields, all zero. A plugin refuses a struct that is shorter than the one it was built with, and
 * versions append fields whose zero means their default.
 */
const SPARE = 8;

/** Where native code finds an array's bytes. */
export type AddressOf = (array: NodeJS.TypedArray) => bigint;

/** An argument struct as the API reads and writes it. */
export function makeStruct<F extends FunctionName>(
  name: F,
  values: Partial<Record<FieldName<F>, FieldValue>>,
  addressOf: AddressOf,
): BigUint64Array {
  const names: readonly string[] = fields[name];
  return slots(
    names.map((field) => (values as Record<string, FieldValue | undefined>)[field] ?? 0),
    addressOf,
  );
}

/** What the call left in a struct. */
export function readStruct<F extends FunctionName>(
  name: F,
  struct: BigUint64Array,
): Record<FieldName<F>, bigint> {
  const names: readonly string[] = fields[name];
  return Object.fromEntries(names.map((field, i) => [field, struct[HEAD + i]!])) as Record<
    FieldName<F>,
    bigint
  >;
}

/** A struct that a field points to. */
export function slots(values: readonly FieldValue[], addressOf: AddressOf): BigUint64Array {
  const struct = new BigUint64Array(HEAD + values.length + SPARE);
  struct[0] = BigInt(struct.byteLength);
  values.forEach((value, i) => {
    struct[HEAD + i] = BigInt.asUintN(64, typeof value === 'object' ? addressOf(value) : BigInt(value));
  });
  return struct;
}

/** The slot of a field in a struct made by {@link slots}. */
export const slotOf = (field: number) => HEAD + field;
