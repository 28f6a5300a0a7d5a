import { elementCount } from '@mlm/base/shape';
import type { TupleOf } from '@mlm/base/tuple';
import type { TypedArray } from '../../graph/graph.js';
import { elementText, type HloType, type HloValue, typeText } from './emit/types.js';

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

/** Collects the text of a StableHLO function, in order. Equal constants are written once. */
export class Statements {
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
}

/** The type of a function: `(inputs) -> result`. */
export const functionType = (
  inputs: readonly HloValue[],
  result: Pick<HloValue, 'shape' | 'dtype'>,
): string => `(${inputs.map(typeText).join(', ')}) -> ${typeText(result)}`;
