import type { Tensor } from '@tensorflow/tfjs-core';
import { engine } from '@tensorflow/tfjs-core';
import type { Attributes, Graph, Value } from '../graph/graph.js';
import { isTracing, recordNode, symbolicTensor, tracedValue, withRecorder } from '../trace/recording.js';

/**
 * A named operation made of plain tfjs operations. Outside a trace, `body` simply runs. Within one, a single node of
 * this name is recorded, with the traced body inside it: a target that knows the name runs something faster, any other
 * target puts the body in its place. So a composite changes how fast a function is, never what it computes.
 *
 * A composite has no gradient of its own: call it inside `tf.customGrad`, as `gelu` does.
 *
 * @param name  the node's operation
 * @param inputs  every tensor that the body reads; it may close over nothing but numbers
 * @param attributes  what a target must know of the body's settings
 * @throws if a gradient is being recorded through it
 */
export function composite(
  name: string,
  inputs: readonly Tensor[],
  attributes: Attributes,
  body: (...inputs: Tensor[]) => Tensor[],
): Tensor[] {
  if (!isTracing()) return body(...inputs);
  if (engine().isTapeOn()) {
    throw new Error(`the composite '${name}' has no gradient: call it inside tf.customGrad`);
  }
  const graph = traceBody(inputs.map(tracedValue), body);
  return recordNode(name, inputs, attributes, Object.values(graph.outputs), graph);
}

function traceBody(arguments_: readonly Value[], body: (...inputs: Tensor[]) => Tensor[]): Graph {
  return withRecorder((recorder) => {
    const inputs = arguments_.map(({ shape, dtype }, i) => recorder.declare({ name: `$${i}`, shape, dtype }));
    const results = body(...inputs.map(symbolicTensor));
    return {
      inputs,
      variables: [],
      nodes: recorder.nodes,
      outputs: Object.fromEntries(results.map((tensor, i) => [String(i), tracedValue(tensor)])),
      updates: {},
    };
  });
}
