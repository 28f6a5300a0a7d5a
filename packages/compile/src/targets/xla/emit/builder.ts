import { sameShape } from '../../../graph/dimension.js';
import { functionType, Statements } from '../statements.js';
import { array, type HloType, type HloValue, list, typeText } from './types.js';

/** The function with which a reduction combines two elements. */
export type Reducer = 'add' | 'multiply' | 'maximum' | 'minimum' | 'and' | 'or';

/** The operations of StableHLO that programs are made of, with their result's shape and type. */
export class Builder extends Statements {
  iota(shape: readonly number[], axis: number, dtype: HloType): HloValue {
    return this.line('stablehlo.iota', `dim = ${axis}`, typeText({ shape, dtype }), { shape, dtype });
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
