import { elementCount } from '@mlm/base/shape';
import type { TupleOf } from '@mlm/base/tuple';
import { sameShape } from '../../../graph/dimension.js';
import type { TypedArray } from '../../../graph/graph.js';
import { array, elementText, type HloType, type HloValue, list, typeText } from './types.js';

/** How a program is written. */
export interface EmitOptions {
  /** Operands of matrix products; `fp32` rules out the device's faster, less exact products. Default: `fp32`. */
  readonly precision?: 'fp32' | 'tf32' | 'bf16' | undefined;
  /** Number of devices that run the program together. Default: 1. */
  readonly replicas?: number | undefined;
  /**
   * Sorts before summing over duplicate indices, for devices whose atomic additions have no fixed order. Default:
   * false.
   */
  readonly sortedSums?: boolean | undefined;
}

/** The function with which a reduction combines two elements. */
export type Reducer = 'add' | 'multiply' | 'maximum' | 'minimum' | 'and' | 'or';

/** Collects the operations of a StableHLO function, in order. Equal constants are written once. */
export class Builder {
  readonly lines: string[] = [];
  readonly #constants = new Map<string, HloValue>();
  readonly #casts = new Map<string, HloValue>();
  #count = 0;

  constructor(readonly options: EmitOptions = {}) {}

  /** A new name. */
  fresh(): string {
    return `%v${this.#count++}`;
  }

  /** Adds an operation in pretty form: `%v = op operands attributes : signature`. */
  line(op: string, operands: string, signature: string, result: Pick<HloValue, 'shape' | 'dtype'>): HloValue {
    const name = this.fresh();
    this.lines.push(`    ${name} = ${op} ${operands} : ${signature}`);
    return { name, shape: result.shape, dtype: result.dtype };
  }

  /** An operation on tensors. `attributes` follow the operands, starting with a comma. */
  op(
    op: string,
    inputs: readonly HloValue[],
    result: Pick<HloValue, 'shape' | 'dtype'>,
    attributes = '',
  ): HloValue {
    const names = inputs.map(({ name }) => name).join(', ');
    return this.line(op, `${names}${attributes}`, functionType(inputs, result), result);
  }

  /** An operation whose operands and result have the same type, such as arithmetic. */
  same(op: string, first: HloValue, ...others: HloValue[]): HloValue {
    const names = [first, ...others].map(({ name }) => name).join(', ');
    const type = typeText(first);
    // chlo's operations have a function type, StableHLO's only the common type.
    return this.line(op, names, op.startsWith('chlo.') ? `${type} -> ${type}` : type, first);
  }

  /** A tensor of equal elements. */
  full(value: number, shape: readonly number[], dtype: HloType): HloValue {
    return this.dense(elementText(value, dtype), shape, dtype);
  }

  /** A tensor of equal elements, with the shape and type of another tensor. */
  like(value: number, { shape, dtype }: HloValue): HloValue {
    return this.full(value, shape, dtype);
  }

  /** A constant of given elements. */
  constant(values: TypedArray, shape: readonly number[], dtype: HloType): HloValue {
    if (values.length === 0) return this.full(0, shape, dtype);
    const nested = (from: number, axes: readonly number[]): string => {
      const [size, ...rest] = axes;
      if (size === undefined) return elementText(values[from]!, dtype);
      const stride = elementCount(rest);
      return `[${Array.from({ length: size }, (_, i) => nested(from + i * stride, rest)).join(', ')}]`;
    };
    return this.dense(nested(0, shape), shape, dtype);
  }

  /** A constant. @param text the text inside `dense<…>` */
  dense(text: string, shape: readonly number[], dtype: HloType): HloValue {
    const type = typeText({ shape, dtype });
    const key = `${text}:${type}`;
    const known = this.#constants.get(key);
    if (known) return known;
    const name = this.fresh();
    this.lines.push(`    ${name} = stablehlo.constant dense<${text}> : ${type}`);
    const tensor = { name, shape, dtype };
    this.#constants.set(key, tensor);
    return tensor;
  }

  iota(shape: readonly number[], axis: number, dtype: HloType): HloValue {
    return this.line('stablehlo.iota', `dim = ${axis}`, typeText({ shape, dtype }), { shape, dtype });
  }

  /** The tensor in another element type. Each tensor is converted only once. */
  cast(x: HloValue, dtype: HloType): HloValue {
    if (x.dtype === dtype) return x;
    const key = `${x.name}:${dtype}`;
    const known = this.#casts.get(key);
    if (known) return known;
    const cast = this.op('stablehlo.convert', [x], { shape: x.shape, dtype });
    this.#casts.set(key, cast);
    return cast;
  }

  reshape(x: HloValue, shape: readonly number[]): HloValue {
    if (sameShape(x.shape, shape)) return x;
    return this.op('stablehlo.reshape', [x], { shape, dtype: x.dtype });
  }

  transpose(x: HloValue, permutation: readonly number[]): HloValue {
    const shape = permutation.map((axis) => x.shape[axis]!);
    return this.op('stablehlo.transpose', [x], { shape, dtype: x.dtype }, `, dims = ${list(permutation)}`);
  }

  slice(x: HloValue, begin: readonly number[], size: readonly number[]): HloValue {
    const ranges = begin.map((from, axis) => `${from}:${from + size[axis]!}`);
    const result = { shape: size, dtype: x.dtype };
    return this.line('stablehlo.slice', `${x.name} ${list(ranges)}`, functionType([x], result), result);
  }

  /** Adds elements around a tensor, or removes them where a number is negative. */
  pad(x: HloValue, value: number, low: readonly number[], high: readonly number[]): HloValue {
    const shape = x.shape.map((size, axis) => size + low[axis]! + high[axis]!);
    const interior = list(low.map(() => 0));
    const attributes = `, low = ${list(low)}, high = ${list(high)}, interior = ${interior}`;
    return this.op(
      'stablehlo.pad',
      [x, this.full(value, [], x.dtype)],
      { shape, dtype: x.dtype },
      attributes,
    );
  }

  concatenate(parts: readonly HloValue[], axis: number): HloValue {
    const first = parts[0]!;
    const size = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    const shape = first.shape.map((length, i) => (i === axis ? size : length));
    return this.op('stablehlo.concatenate', parts, { shape, dtype: first.dtype }, `, dim = ${axis}`);
  }

  /** Repeats a tensor along new axes. Its own axes become `axes` of the result. */
  broadcastIn(x: HloValue, shape: readonly number[], axes: readonly number[]): HloValue {
    if (sameShape(x.shape, shape)) return x;
    return this.op('stablehlo.broadcast_in_dim', [x], { shape, dtype: x.dtype }, `, dims = ${list(axes)}`);
  }

  /** Broadcasts by NumPy's rules: shapes are aligned at the end, and axes of size 1 are repeated. */
  broadcast(x: HloValue, shape: readonly number[]): HloValue {
    if (sameShape(x.shape, shape)) return x;
    const kept = x.shape.flatMap((size, axis) => (size === 1 ? [] : [axis]));
    const offset = shape.length - x.shape.length;
    const squeezed = this.reshape(
      x,
      kept.map((axis) => x.shape[axis]!),
    );
    return this.broadcastIn(
      squeezed,
      shape,
      kept.map((axis) => axis + offset),
    );
  }

  compare(direction: 'EQ' | 'NE' | 'GT' | 'GE' | 'LT' | 'LE', a: HloValue, b: HloValue): HloValue {
    const order =
      a.dtype === 'float32' || a.dtype === 'bfloat16' ? 'FLOAT' : a.dtype === 'int32' ? 'SIGNED' : 'UNSIGNED';
    const result = { shape: a.shape, dtype: 'bool' as const };
    const operands = `${direction}, ${a.name}, ${b.name}, ${order}`;
    return this.line('stablehlo.compare', operands, functionType([a, b], result), result);
  }

  select(condition: HloValue, yes: HloValue, no: HloValue): HloValue {
    const operands = `${condition.name}, ${yes.name}, ${no.name}`;
    return this.line('stablehlo.select', operands, `${typeText(condition)}, ${typeText(yes)}`, yes);
  }

  /** Reduces over axes. @param initial the result over no elements */
  reduce(x: HloValue, axes: readonly number[], reducer: Reducer, initial: number): HloValue {
    const result = { shape: x.shape.filter((_, axis) => !axes.includes(axis)), dtype: x.dtype };
    const start = this.full(initial, [], x.dtype);
    const operands = `(${x.name} init: ${start.name}) applies stablehlo.${reducer} across dimensions = ${list(axes)}`;
    return this.line('stablehlo.reduce', operands, functionType([x, start], result), result);
  }

  /**
   * An operation in generic form that has a region: `"op"(operands) <{attributes}> ({ region }) : signature`.
   *
   * @param region the lines of the region, with results named by `fresh`
   */
  generic<const Results extends readonly Pick<HloValue, 'shape' | 'dtype'>[]>(
    op: string,
    inputs: readonly HloValue[],
    attributes: string,
    region: readonly string[],
    results: Results,
  ): TupleOf<Results, HloValue> {
    const name = this.fresh();
    const names = inputs.map((input) => input.name).join(', ');
    const body = region.length > 0 ? ` ({\n${region.map((text) => `      ${text}`).join('\n')}\n    })` : '';
    const types = results.map(typeText);
    const result = types.length === 1 ? types[0]! : `(${types.join(', ')})`;
    const bound = results.length === 1 ? name : `${name}:${results.length}`;
    const from = inputs.map(typeText).join(', ');
    this.lines.push(`    ${bound} = "${op}"(${names}) <{${attributes}}>${body} : (${from}) -> ${result}`);
    const several = results.length > 1;
    return results.map(({ shape, dtype }, i) => ({
      name: several ? `${name}#${i}` : name,
      shape,
      dtype,
    })) as TupleOf<Results, HloValue>;
  }

  /** The region that combines two elements. */
  combiner(reducer: Reducer, dtype: HloType): string[] {
    const type = typeText({ shape: [], dtype });
    const [a, b, result] = [this.fresh(), this.fresh(), this.fresh()];
    return [
      `^bb0(${a}: ${type}, ${b}: ${type}):`,
      `  ${result} = stablehlo.${reducer} ${a}, ${b} : ${type}`,
      `  stablehlo.return ${result} : ${type}`,
    ];
  }

  /** Copies of tensors that XLA neither recomputes after the barrier nor merges with the originals. */
  barrier(inputs: readonly HloValue[]): HloValue[] {
    if (inputs.length === 0) return [];
    const name = this.fresh();
    const names = inputs.map((input) => input.name).join(', ');
    const types = inputs.map(typeText).join(', ');
    const several = inputs.length > 1;
    const bound = several ? `${name}:${inputs.length}` : name;
    this.lines.push(`    ${bound} = stablehlo.optimization_barrier ${names} : ${types}`);
    return inputs.map((input, i) => ({ ...input, name: several ? `${name}#${i}` : name }));
  }

  /** The slices of x at `indices` [n, depth] along its first `depth` axes: [n, …rest of x]. */
  gather(x: HloValue, indices: HloValue): HloValue {
    const [count, depth] = indices.shape as [number, number];
    const rest = x.shape.slice(depth);
    const first = Array.from({ length: depth }, (_, axis) => axis);
    const numbers =
      `#stablehlo.gather<offset_dims = ${list(rest.map((_, i) => i + 1))}, ` +
      `collapsed_slice_dims = ${list(first)}, start_index_map = ${list(first)}, index_vector_dim = 1>`;
    const sizes = array([...first.map(() => 1), ...rest]);
    return this.generic(
      'stablehlo.gather',
      [x, indices],
      `dimension_numbers = ${numbers}, indices_are_sorted = false, slice_sizes = ${sizes}`,
      [],
      [{ shape: [count, ...rest], dtype: x.dtype }],
    )[0];
  }

  /**
   * Adds `updates` [n, …rest of the shape] to `onto` at `indices` [n, depth] along its first axes. Indices out of
   * bounds are ignored.
   *
   * @param unique whether no index occurs twice, so that the order of additions does not matter
   */
  scatterAdd(onto: HloValue, indices: HloValue, updates: HloValue, { unique = false } = {}): HloValue {
    const depth = indices.shape[1]!;
    const first = Array.from({ length: depth }, (_, axis) => axis);
    const windows = onto.shape.slice(depth).map((_, i) => i + 1);
    const numbers =
      `#stablehlo.scatter<update_window_dims = ${list(windows)}, inserted_window_dims = ${list(first)}, ` +
      `scatter_dims_to_operand_dims = ${list(first)}, index_vector_dim = 1>`;
    return this.generic(
      'stablehlo.scatter',
      [onto, indices, updates],
      `scatter_dimension_numbers = ${numbers}, indices_are_sorted = false, unique_indices = ${unique}`,
      this.combiner('add', updates.dtype),
      [onto],
    )[0];
  }

  /** Sorts keys [n] in ascending order, and values [n] along with them. Equal keys keep their order. */
  sortByKey(keys: HloValue, values: HloValue): readonly [keys: HloValue, values: HloValue] {
    const [a, b, c, d, less] = Array.from({ length: 5 }, () => this.fresh());
    const [key, value] = [keys, values].map(({ dtype }) => typeText({ shape: [], dtype }));
    const bool = typeText({ shape: [], dtype: 'bool' });
    const region = [
      `^bb0(${a}: ${key}, ${b}: ${key}, ${c}: ${value}, ${d}: ${value}):`,
      `  ${less} = stablehlo.compare LT, ${a}, ${b}, SIGNED : (${key}, ${key}) -> ${bool}`,
      `  stablehlo.return ${less} : ${bool}`,
    ];
    const attributes = 'dimension = 0 : i64, is_stable = true';
    return this.generic('stablehlo.sort', [keys, values], attributes, region, [keys, values]);
  }

  /**
   * Contracts one axis of each of two stacks of matrices with equal first `batch` axes: [batch …, rest of a, rest of
   * b].
   *
   * @param exactness `HIGHEST` computes in full float32, even if the device has faster products
   */
  dot(
    a: HloValue,
    b: HloValue,
    options: {
      batch: number;
      over: readonly [number, number];
      dtype: HloType;
      exactness: 'HIGHEST' | 'DEFAULT';
    },
  ): HloValue {
    const { batch, over, dtype, exactness } = options;
    const stacked = Array.from({ length: batch }, (_, axis) => axis);
    const rest = [a, b].map(({ shape }, side) =>
      shape.filter((_, axis) => axis >= batch && axis !== over[side]),
    );
    const batching = batch > 0 ? `, batching_dims = ${list(stacked)} x ${list(stacked)}` : '';
    const attributes = `${batching}, contracting_dims = [${over[0]}] x [${over[1]}], precision = [${exactness}, ${exactness}]`;
    return this.op(
      'stablehlo.dot_general',
      [a, b],
      { shape: [...a.shape.slice(0, batch), ...rest.flat()], dtype },
      attributes,
    );
  }
}

const functionType = (inputs: readonly HloValue[], result: Pick<HloValue, 'shape' | 'dtype'>): string =>
  `(${inputs.map(typeText).join(', ')}) -> ${typeText(result)}`;
