import { elementCount } from '@mlm/base/shape';
import type { ExecutableInput } from '../executable.js';
import { formatShape } from '../graph/dimension.js';
import type { TypedArray } from '../graph/graph.js';
import type { InputSpec } from '../trace/trace.js';

/** An input of a run, with its shape. */
export interface ResolvedInput {
  readonly data: TypedArray;
  readonly shape: readonly number[];
}

/**
 * Checks the inputs of a run against their specs and determines the named sizes, first from explicit shapes, then from
 * lengths.
 *
 * @throws TypeError if an input is missing or unknown, or its dtype, length or shape does not fit its spec
 */
export function resolveInputs(
  specs: Readonly<Record<string, InputSpec>>,
  given: Readonly<Record<string, ExecutableInput>>,
): { inputs: Record<string, ResolvedInput>; sizes: ReadonlyMap<string, number> } {
  for (const name of Object.keys(given)) {
    if (!specs[name])
      throw new TypeError(`unknown input '${name}'; expected ${Object.keys(specs).join(', ')}`);
  }
  const sizes = new Map<string, number>();
  const unresolved = new Map(Object.entries(specs));
  const resolved: Record<string, ResolvedInput> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const input = given[name];
    if (input === undefined) throw new TypeError(`the input '${name}' is missing`);
    if ('shape' in input) bindShape(name, spec, input.shape, sizes);
  }
  for (let before = -1; unresolved.size !== before; ) {
    before = unresolved.size;
    for (const [name, spec] of unresolved) {
      const input = given[name]!;
      const data = 'shape' in input ? input.data : input;
      const shape = shapeFor(name, spec, data.length, sizes);
      if (!shape) continue;
      checkData(name, spec, data, shape);
      resolved[name] = { data, shape };
      unresolved.delete(name);
    }
  }
  for (const name of unresolved.keys()) {
    throw new TypeError(
      `the sizes of input '${name}' cannot be derived from its length; pass { data, shape }`,
    );
  }
  return { inputs: resolved, sizes };
}

/** The rows of a batch, for messages: the first size of the first input with more than one axis. */
export function rowsOf(inputs: readonly ResolvedInput[]): number | undefined {
  return inputs.find(({ shape }) => shape.length > 1)?.shape[0];
}

function bindShape(
  name: string,
  spec: InputSpec,
  shape: readonly number[],
  sizes: Map<string, number>,
): void {
  const fits =
    shape.length === spec.shape.length &&
    spec.shape.every((size, axis) => {
      if (typeof size === 'number') return size === shape[axis];
      if (!sizes.has(size)) sizes.set(size, shape[axis]!);
      return sizes.get(size) === shape[axis];
    });
  if (!fits) {
    throw new TypeError(`the input '${name}' has the shape ${formatShape(shape)}, expected [${spec.shape}]`);
  }
}

function shapeFor(
  name: string,
  spec: InputSpec,
  length: number,
  sizes: Map<string, number>,
): number[] | undefined {
  const unknown = new Set(spec.shape.filter((size) => typeof size === 'string' && !sizes.has(size)));
  if (unknown.size > 1) return undefined;
  const [missing] = unknown;
  if (missing !== undefined) {
    const known = spec.shape.reduce<number>(
      (product, size) => product * (typeof size === 'number' ? size : (sizes.get(size) ?? 1)),
      1,
    );
    const repeats = spec.shape.filter((size) => size === missing).length;
    const size = Math.round((length / known) ** (1 / repeats));
    if (known * size ** repeats !== length) {
      throw new TypeError(`the input '${name}' has ${length} values, which do not fill [${spec.shape}]`);
    }
    sizes.set(missing as string, size);
  }
  return spec.shape.map((size) => (typeof size === 'number' ? size : sizes.get(size)!));
}

function checkData(name: string, spec: InputSpec, data: TypedArray, shape: readonly number[]): void {
  const length = elementCount(shape);
  if (data.length !== length) {
    throw new TypeError(
      `the input '${name}' has ${data.length} values, expected ${length} for ${formatShape(shape)}`,
    );
  }
  const fits = spec.dtype === 'float32' ? data instanceof Float32Array : data instanceof Int32Array;
  if (!fits) {
    throw new TypeError(
      `the input '${name}' must be ${spec.dtype === 'float32' ? 'a Float32Array' : 'an Int32Array'}`,
    );
  }
}
