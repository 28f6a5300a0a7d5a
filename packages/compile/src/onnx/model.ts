import { formatDimension, isSymbolic } from '../graph/dimension.js';
import type { Graph, Value } from '../graph/graph.js';
import { inlineComposites } from '../graph/rewrite.js';
import { Emitter, onnxType } from './emitter.js';
import { lowerings } from './lower.js';
import { encodeModel, type OnnxValueInfo } from './protobuf.js';

/** The name under which a variable's next value leaves the ONNX graph. */
export const updateName = (variable: string): string => `${variable}/next`;

/** The name of an output in the ONNX graph, where it must differ from those of inputs and variables. */
export function outputName({ inputs, variables }: Graph, name: string): string {
  return [...inputs, ...variables].some((value) => value.name === name) ? `${name}/output` : name;
}

/**
 * The graph as the bytes of an .onnx file (opset 21 and com.microsoft operators of onnxruntime). Inputs and outputs
 * keep their names. Variables are inputs; the next value of an assigned variable is the output `<name>/next`.
 * @throws if an operation has no ONNX form
 */
export function toOnnx(graph: Graph): Uint8Array {
  const plain = inlineComposites(graph, new Set(Object.keys(lowerings)));
  const emitter = new Emitter();
  const leaves = [...plain.inputs, ...plain.variables];
  for (const value of leaves) emitter.declare(value, value.name!);
  for (const node of plain.nodes) {
    const lowering = lowerings[node.op];
    if (!lowering) throw new Error(`the operation ${node.op} has no ONNX form`);
    const names = [
      lowering(
        emitter,
        node.inputs.map((value) => emitter.name(value)),
        node,
      ),
    ].flat();
    node.outputs.forEach((value, i) => {
      if (names[i] !== undefined) emitter.bind(value, names[i]);
    });
  }
  const results = [
    ...Object.entries(plain.outputs).map(([name, value]): [string, Value] => [
      outputName(plain, name),
      value,
    ]),
    ...Object.entries(plain.updates).map(([name, value]): [string, Value] => [updateName(name), value]),
  ];
  for (const [name, value] of results) {
    emitter.nodes.push({
      opType: 'Identity',
      domain: '',
      inputs: [emitter.name(value)],
      outputs: [name],
      attributes: {},
    });
  }
  return encodeModel(
    emitter.model(
      leaves.map((value) => valueInfo(value, value.name!)),
      results.map(([name, value]) => valueInfo(value, name)),
    ),
  );
}

const valueInfo = ({ shape, dtype }: Value, name: string): OnnxValueInfo => ({
  name,
  type: onnxType(dtype),
  dims: shape.map((dimension) => (isSymbolic(dimension) ? formatDimension(dimension) : dimension)),
});
