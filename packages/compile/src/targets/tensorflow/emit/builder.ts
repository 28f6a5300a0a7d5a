import { type Dimension, isSymbolic, type Shape, type SymbolicDimension } from '../../../graph/dimension.js';
import type { DType, NamedValue, TypedArray } from '../../../graph/graph.js';
import type { Precision } from '../../target.js';
import { attribute } from '../protobuf/attribute.js';
import type { AttributeMessage, NodeMessage } from '../protobuf/schema.js';

/** A tensor of the GraphDef: a node's name, followed by a colon and the output's number, unless that is 0. */
export type TensorName = string;

const MAX_CACHED_CONSTANT = 16;

/** Collects the nodes of a GraphDef. Equal small constants share a node. */
export class GraphBuilder {
  /** @param precision `bf16` casts the operands of matrix products to bfloat16 */
  constructor(readonly precision: Precision = 'fp32') {}

  readonly nodes: NodeMessage[] = [];
  readonly #byName = new Map<string, NodeMessage>();
  readonly #counts = new Map<string, number>();
  readonly #constants = new Map<string, TensorName>();
  readonly #casts = new Map<TensorName, TensorName>();
  readonly #handles = new Map<string, TensorName>();
  readonly #sizes = new Map<string, TensorName>();

  /** Adds a node and returns its first output. The nodes in `after` run before it. */
  add(
    op: string,
    inputs: readonly TensorName[],
    attr: Record<string, AttributeMessage> = {},
    options: { name?: string; after?: readonly TensorName[] } = {},
  ): TensorName {
    const name = this.#unique(options.name ?? op);
    const after = (options.after ?? []).map((tensor) => `^${tensor.split(':')[0]}`);
    const node = { name, op, input: [...inputs, ...new Set(after)], attr };
    this.nodes.push(node);
    this.#byName.set(name, node);
    return name;
  }

  /** The node that computes a tensor. */
  nodeOf(tensor: TensorName): NodeMessage | undefined {
    return this.#byName.get(tensor.split(':')[0]!);
  }

  constant(values: TypedArray, shape: readonly number[], dtype: DType): TensorName {
    const key = values.length <= MAX_CACHED_CONSTANT ? `${dtype}[${shape}]=${values}` : undefined;
    const known = key && this.#constants.get(key);
    if (known) return known;
    const attr = { dtype: attribute.type(dtype), value: attribute.tensor(values, shape, dtype) };
    const tensor = this.add('Const', [], attr);
    if (key) this.#constants.set(key, tensor);
    return tensor;
  }

  scalar(value: number, dtype: DType): TensorName {
    return this.constant(typed(value, dtype), [], dtype);
  }

  integers(values: readonly number[]): TensorName {
    return this.constant(Int32Array.from(values), [values.length], 'int32');
  }

  /** A float32 tensor as bfloat16. Each tensor is cast only once. */
  bfloat16(tensor: TensorName): TensorName {
    const known = this.#casts.get(tensor);
    if (known) return known;
    const attr = { SrcT: attribute.type('float32'), DstT: attribute.type('bfloat16') };
    const reduced = this.add('Cast', [tensor], attr);
    this.#casts.set(tensor, reduced);
    return reduced;
  }

  /** The handle of a resource variable, which all signatures of the file share by its name. */
  variable({ name, dtype, shape }: NamedValue): TensorName {
    const known = this.#handles.get(name);
    if (known) return known;
    const attr = {
      dtype: attribute.type(dtype),
      shape: attribute.shape(shape),
      shared_name: attribute.text(name),
      container: attribute.text(''),
    };
    const handle = this.add('VarHandleOp', [], attr, { name: `variable/${name}` });
    this.#handles.set(name, handle);
    return handle;
  }

  /** Makes the named sizes among an input's axes readable at run time. */
  declareSizes(input: TensorName, shape: Shape): void {
    shape.forEach((size, axis) => {
      const name = isSymbolic(size) ? nameOf(size) : undefined;
      if (name === undefined || this.#sizes.has(name)) return;
      const shapeOf = this.add('Shape', [input], {
        T: this.#typeOf(input),
        out_type: attribute.type('int32'),
      });
      const attr = { T: attribute.type('int32'), Index: attribute.type('int32'), shrink_axis_mask: { i: 1 } };
      const bounds = [[axis], [axis + 1], [1]].map((bound) => this.integers(bound));
      this.#sizes.set(name, this.add('StridedSlice', [shapeOf, ...bounds], attr, { name: `size_${name}` }));
    });
  }

  /** A dimension as an int32 scalar, computed from the inputs' sizes if it is symbolic. */
  dimension(dimension: Dimension): TensorName {
    if (!isSymbolic(dimension)) return this.scalar(dimension, 'int32');
    const T = { T: attribute.type('int32') };
    const terms = dimension.terms.map(({ factor, names }) => {
      const sizes = names.map((name) => {
        const size = this.#sizes.get(name);
        if (!size) throw new Error(`no input has an axis of size '${name}'`);
        return size;
      });
      const factors = factor === 1 && sizes.length > 0 ? sizes : [this.scalar(factor, 'int32'), ...sizes];
      return factors.reduce((a, b) => this.add('Mul', [a, b], T));
    });
    return terms.reduce((a, b) => this.add('AddV2', [a, b], T));
  }

  /** A shape as an int32 vector. */
  shape(shape: Shape): TensorName {
    if (shape.every((size): size is number => !isSymbolic(size))) return this.integers(shape);
    return this.add(
      'Pack',
      shape.map((size) => this.dimension(size)),
      { T: attribute.type('int32'), N: attribute.integer(shape.length), axis: attribute.integer(0) },
    );
  }

  /** A shape for Reshape, which can infer a single symbolic size. */
  reshapeTarget(shape: Shape): TensorName {
    const symbolic = shape.filter(isSymbolic).length;
    if (symbolic !== 1 || shape.includes(0)) return this.shape(shape);
    return this.integers(shape.map((size) => (isSymbolic(size) ? -1 : size)));
  }

  #typeOf(tensor: TensorName): AttributeMessage {
    return this.nodeOf(tensor)?.attr.dtype ?? attribute.type('float32');
  }

  #unique(wanted: string): string {
    const base = wanted.replace(/[^A-Za-z0-9_./\\-]/g, '_').replace(/^[^A-Za-z0-9.]/, 'n$&');
    const count = this.#counts.get(base) ?? 0;
    this.#counts.set(base, count + 1);
    return count === 0 ? base : this.#unique(`${base}__${count}`);
  }
}

/** The name, if a size is just a named one. */
function nameOf({ terms }: SymbolicDimension): string | undefined {
  const [first] = terms;
  return terms.length === 1 && first?.factor === 1 && first.names.length === 1 ? first.names[0] : undefined;
}

function typed(value: number, dtype: DType): TypedArray {
  if (dtype === 'float32') return Float32Array.of(value);
  return dtype === 'int32' ? Int32Array.of(value) : Uint8Array.of(value);
}
