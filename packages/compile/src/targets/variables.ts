import { elementCount } from '@mlm/base/shape';
import { Variable } from '@tensorflow/tfjs-core';
import type { TypedArray } from '../graph/graph.js';
import type { VariableSpec } from '../trace/trace.js';

/**
 * Writes a variable's initial value, from its spec or tfjs variable, into an array of zeros. @throws as {@link
 * checkFits}
 */
export function fillInitial(
  name: string,
  spec: VariableSpec | Variable,
  array: Float32Array | Int32Array,
): void {
  const given = spec instanceof Variable ? (spec.dataSync() as TypedArray) : spec.value;
  if (given) copyInto(name, array, given);
}

/** A variable's initial value, in a new array. @throws as {@link checkFits} */
export function initialValue(name: string, spec: VariableSpec | Variable): Float32Array | Int32Array {
  const array = emptyValue(spec);
  fillInitial(name, spec, array);
  return array;
}

/** A new array of zeros for a variable. */
export function emptyValue({ shape, dtype }: VariableSpec | Variable): Float32Array | Int32Array {
  return dtype === 'int32' ? new Int32Array(elementCount(shape)) : new Float32Array(elementCount(shape));
}

/**
 * A variable's initial value for immediate reading: the given array itself, if there is one. @throws as {@link
 * checkFits}
 */
export function firstValue(name: string, spec: VariableSpec | Variable): Float32Array | Int32Array {
  const given = spec instanceof Variable ? (spec.dataSync() as TypedArray) : spec.value;
  return given ? checkFits(name, spec, given) : emptyValue(spec);
}

/** Returns the values if they fit a variable. @throws TypeError if their number or type differs */
export function checkFits(
  name: string,
  { shape, dtype }: VariableSpec | Variable,
  values: TypedArray,
): Float32Array | Int32Array {
  return checked(name, elementCount(shape), dtype === 'int32' ? Int32Array : Float32Array, values);
}

/** Overwrites a variable's array. @throws TypeError if the number or type of the values differs */
export function copyInto(name: string, target: Float32Array | Int32Array, values: TypedArray): void {
  target.set(checked(name, target.length, target.constructor, values) as Float32Array & Int32Array);
}

function checked(name: string, length: number, type: { name: string }, values: TypedArray) {
  if (values.length !== length) {
    throw new TypeError(`the variable '${name}' holds ${length} values, not ${values.length}`);
  }
  if (values.constructor !== type) {
    throw new TypeError(`the variable '${name}' is a ${type.name}, not a ${values.constructor.name}`);
  }
  return values as Float32Array | Int32Array;
}

/** Selects variables by name. @throws TypeError if one does not exist */
export function pick<T>(variables: ReadonlyMap<string, T>, names: readonly string[]): [string, T][] {
  return names.map((name) => {
    const variable = variables.get(name);
    if (variable === undefined) throw new TypeError(`there is no variable '${name}'`);
    return [name, variable];
  });
}
