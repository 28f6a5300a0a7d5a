import { type Attributes, makeNode, type Node, type OutputSpec, type Value } from '../graph/graph.js';

/** Collects the nodes of one function, in the order of their calls. Sizes are plain numbers while recording. */
export class Recorder {
  readonly nodes: Node[] = [];
  /** The sizes are samples of named sizes: a bound that one of them breaks may hold for the sizes of a run. */
  readonly sizesVary: boolean;
  readonly #known = new Set<Value>();
  readonly #constants = new Map<Value, Value>();

  constructor(sizesVary = false) {
    this.sizesVary = sizesVary;
  }

  /** Lets nodes read a value that no node of this recorder computes: an input or a variable. */
  declare(value: Value): Value {
    this.#known.add(value);
    return value;
  }

  add(
    op: string,
    inputs: readonly Value[],
    attributes: Attributes,
    outputs: readonly OutputSpec[],
  ): readonly Value[] {
    const node = makeNode(
      op,
      inputs.map((value) => this.own(value)),
      attributes,
      outputs,
    );
    this.nodes.push(node);
    for (const value of node.outputs) this.#known.add(value);
    return node.outputs;
  }

  /** The value itself; a constant that another recorder holds, of an earlier call of the function, is repeated. */
  own(value: Value): Value {
    if (this.#known.has(value)) return value;
    const copy = this.#constants.get(value);
    if (copy) return copy;
    const { node } = value;
    if (!node || (node.op !== 'Fill' && node.op !== 'Const')) {
      throw new TypeError(
        `a traced function may keep no tensor from one call to the next, but it reads '${value.name ?? node?.op}' of ` +
          'an earlier one; compute it again, or pass it as an input',
      );
    }
    const [own] = this.add(node.op, [], node.attributes, node.outputs);
    this.#constants.set(value, own!);
    return own!;
  }
}
