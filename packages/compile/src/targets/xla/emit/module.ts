import type { Graph, NamedValue, Node, Value } from '../../../graph/graph.js';
import type { EmitOptions } from '../statements.js';
import { Builder } from './builder.js';
import { emitters } from './index.js';
import { keptActivations, readsExactly } from './kept.js';
import { type HloValue, typeText } from './types.js';

/** A program as text, with the meaning of its parameters and results. */
export interface StableHloModule {
  readonly text: string;
  /** In order: assigned variables, whose memory the results reuse; other variables; inputs. */
  readonly parameters: readonly { readonly name: string; readonly variable: boolean }[];
  /** The names of the assigned variables, whose new values are the first results. */
  readonly assigned: readonly string[];
  /** The names of the outputs, which are the other results. */
  readonly outputs: readonly string[];
}

/**
 * Writes a graph of static shapes as a StableHLO module, whose function `main` is the program of each device. Equal
 * graphs give equal texts.
 *
 * @throws Error naming an operation without an equivalent in StableHLO
 */
export function toStableHlo(graph: Graph, options: EmitOptions = {}): StableHloModule {
  const to = new Builder(options);
  const tensors = new Map<Value, HloValue>();
  const isAssigned = ({ name }: NamedValue) => graph.updates[name] !== undefined;
  const assigned = graph.variables.filter(isAssigned);
  const parameters = [...assigned, ...graph.variables.filter((value) => !isAssigned(value)), ...graph.inputs];
  const heads = parameters.map((value, i) => {
    const tensor = { name: `%arg${i}`, shape: value.shape as number[], dtype: value.dtype };
    tensors.set(value, tensor);
    const alias = i < assigned.length ? ` {tf.aliasing_output = ${i} : i32}` : '';
    return `${tensor.name}: ${typeText(tensor)}${alias}`;
  });
  const kept = options.precision === 'bf16' ? keptActivations(graph) : undefined;
  const read = (value: Value, node: Node): HloValue => {
    const tensor = tensors.get(value)!;
    if (!kept?.has(value) || readsExactly(node)) return tensor;
    return to.cast(to.cast(tensor, 'bfloat16'), 'float32');
  };
  for (const node of graph.nodes) {
    const emit = emitters[node.op];
    if (!emit) throw new Error(`the operation ${node.op} has no equivalent in StableHLO`);
    const emitted = [emit(to, node, ...node.inputs.map((input) => read(input, node)))].flat();
    node.outputs.forEach((value, i) => {
      tensors.set(value, emitted[i]!);
    });
  }
  const values = [...assigned.map(({ name }) => graph.updates[name]!), ...Object.values(graph.outputs)];
  const results = values.map((value) => tensors.get(value)!);
  const types = results.map(typeText).join(', ');
  const text = `module @step attributes {mhlo.num_replicas = ${options.replicas ?? 1} : i32, mhlo.num_partitions = 1 : i32} {
  func.func public @main(${heads.join(', ')}) -> (${types}) {
${to.lines.join('\n')}
    return ${results.map(({ name }) => name).join(', ')} : ${types}
  }
}
`;
  return {
    text,
    parameters: parameters.map((value) => ({ name: value.name, variable: graph.variables.includes(value) })),
    assigned: assigned.map(({ name }) => name),
    outputs: Object.keys(graph.outputs),
  };
}
