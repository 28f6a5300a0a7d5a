import {
  type Attributes,
  makeNode,
  type NamedValue,
  type Node,
  type NodeOf,
  type OutputSpec,
  type Value,
} from '../graph/graph.js';

/** Collects the nodes of one function in call order. While recording, sizes are plain numbers. */
export class Recorder {
  readonly nodes: Node[] = [];
  /** Whether the sizes are samples of named sizes: a bound that a sample violates may still hold in a run. */
  readonly sizesVary: boolean;
  readonly #known = new Set<Value>();
  readonly #constants = new Map<Value, Value>();

  constructor(sizesVary = false) {
    this.sizesVary = sizesVary;
  }

  /** Makes an input or a variable readable for nodes. */
  declare(value: NamedValue): NamedValue {
    this.#known.add(value);
    return value;
  }

  add<const Outputs extends readonly OutputSpec[]>(
    op: string,
    inputs: readonly Value[],
    attributes: Attributes,
    outputs: Outputs,
  ): NodeOf<Outputs>['outputs'] {
    const node = makeNode(
      op,
      inputs.map((value) => this.own(value)),
      attributes,
      outputs,
    );
    this.nodes.push(node);
    for (const value of node.outputs as readonly Value[]) this.#known.add(value);
    return node.outputs;
  }

  /** The value as this recorder knows it: a constant from an earlier call of the function is recorded again. */
  own(value: Value): Value {
    if (this.#known.has(value)) return value;
    const copy = this.#constants.get(value);
    if (copy) return copy;
    const { node } = value;
    if (!node || (node.op !== 'Fill' && node.op !== 'Const')) {
      throw new TypeError(
        `a traced function must not keep tensors between calls, but it reads '${value.name ?? node?.op}' from ` +
          'an earlier call; compute it again, or pass it as an input',
      );
    }
    const { shape, dtype } = value;
    const [own] = this.add(node.op, [], node.attributes, [{ shape, dtype }]);
    this.#constants.set(value, own);
    return own;
  }
}
