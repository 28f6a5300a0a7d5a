import { type Dimension, formatDimension, isSymbolic, type Shape } from '../../../graph/dimension.js';
import type { DType, Value } from '../../../graph/graph.js';
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor } from '../protobuf.js';

const BYTES = {
  float32: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

/** Builds an ONNX graph: names values, shares constants and computes sizes at run time. */
export class ModelBuilder {
  /** @param taken the names of inputs, variables and results */
  constructor(private readonly taken: ReadonlySet<string> = new Set()) {}

  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly #names = new Map<Value, string>();
  readonly #constants = new Map<string, string>();
  readonly #sizes = new Map<string, string>();
  readonly #dimensionSources = new Map<string, { input: string; axis: number }>();
  #count = 0;

  /** Gives an input or variable its name in the ONNX graph. */
  declare(value: Value, name: string): void {
    this.#names.set(value, name);
    value.shape.forEach((dimension, axis) => {
      const size = formatDimension(dimension);
      if (isSymbolic(dimension) && !this.#dimensionSources.has(size)) {
        this.#dimensionSources.set(size, { input: name, axis });
      }
    });
  }

  /** Names the tensor that holds a value. */
  bind(value: Value, name: string): void {
    this.#names.set(value, name);
  }

  name(value: Value): string {
    const name = this.#names.get(value);
    if (name === undefined)
      throw new Error(`the value '${value.name ?? value.node?.op}' has not been written yet`);
    return name;
  }

  fresh(): string {
    return this.#free(`v${this.#count++}`);
  }

  /** Adds a node with one output, whose name it returns. */
  op(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain = '',
  ): string {
    const output = this.fresh();
    this.nodes.push({ opType, domain, inputs, outputs: [output], attributes });
    return output;
  }

  /** Adds a node with several outputs, whose names it returns. */
  ops(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
    outputCount: number,
  ): string[] {
    const outputs = Array.from({ length: outputCount }, () => this.fresh());
    this.nodes.push({ opType, domain: '', inputs, outputs, attributes });
    return outputs;
  }

  constant(values: ArrayLike<number>, type: keyof typeof BYTES, dims: readonly number[]): string {
    const array =
      type === 'int64' ? BigInt64Array.from(Array.from(values, BigInt)) : BYTES[type].from(values as never);
    const data = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    const key =
      array.length <= 64
        ? `${type}[${dims}]${Array.from(values, (v) => (Object.is(v, -0) ? '-0' : v))}`
        : undefined;
    const known = key !== undefined ? this.#constants.get(key) : undefined;
    if (known) return known;
    const name = this.#free(`c${this.initializers.length}`);
    this.initializers.push({ name, type, dims, data });
    if (key !== undefined) this.#constants.set(key, name);
    return name;
  }

  #free(name: string): string {
    return this.taken.has(name) ? this.#free(`${name}_`) : name;
  }

  scalar(value: number, dtype: DType = 'float32'): string {
    return this.constant([value], dtype, []);
  }

  ints(values: readonly number[]): string {
    return this.constant(values, 'int64', [values.length]);
  }

  /** A shape as int64 [rank], computed at run time if it has named sizes. */
  shape(shape: Shape): string {
    if (!shape.some(isSymbolic)) return this.ints(shape as number[]);
    return this.op(
      'Concat',
      shape.map((dimension) => this.size(dimension)),
      { axis: 0 },
    );
  }

  /** A shape for Reshape, which can infer a single named size. */
  reshapeTarget(shape: Shape): string {
    if (shape.filter(isSymbolic).length !== 1 || shape.includes(0)) return this.shape(shape);
    return this.ints(shape.map((dimension) => (isSymbolic(dimension) ? -1 : dimension)));
  }

  /** A size as int64 [1]. */
  size(dimension: Dimension): string {
    if (!isSymbolic(dimension)) return this.ints([dimension]);
    const key = formatDimension(dimension);
    const known = this.#sizes.get(key);
    if (known) return known;
    const terms = dimension.terms.map(({ factor, names }) =>
      names
        .map((name) => this.#namedSize(name))
        .reduce((product, size) => this.op('Mul', [product, size]), this.ints([factor])),
    );
    const sum = terms.reduce((a, b) => this.op('Add', [a, b]));
    this.#sizes.set(key, sum);
    return sum;
  }

  #namedSize(name: string): string {
    const source = this.#dimensionSources.get(name);
    if (!source) throw new Error(`no input has an axis of size '${name}'`);
    return this.op('Shape', [source.input], { start: source.axis, end: source.axis + 1 });
  }

  model(inputs: OnnxModel['inputs'], outputs: OnnxModel['outputs']): OnnxModel {
    return { nodes: this.nodes, initializers: this.initializers, inputs, outputs };
  }
}
