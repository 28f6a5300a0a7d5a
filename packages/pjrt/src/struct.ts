import { type FieldName, type FunctionName, fields } from './functions.js';

/** The value of a field: a number, an address, or an array, for its address. */
export type FieldValue = number | bigint | NodeJS.TypedArray;

/** Slots before a struct's own fields: its size and the chain of extensions. */
const HEAD = 2;

/**
 * Zero slots after the known fields. A plugin refuses structs shorter than those it was built with, and later versions
 * append fields for which zero means the default.
 */
const SPARE = 8;

/** Returns the address of an array's bytes. */
export type AddressOf = (array: NodeJS.TypedArray) => bigint;

/** Makes the argument struct of a function. Fields without a value are 0. */
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

/** The fields of a struct after the call, by name. */
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

/** A struct of given fields, which has a size and an empty chain of extensions. */
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
