import { elementCount } from '@mlm/base/shape';
import { staticShape } from '../../graph/dimension.js';
import type { Graph, NamedValue, TypedArray } from '../../graph/graph.js';
import type { Precision } from '../target.js';
import { GraphBuilder } from './emit/builder.js';
import { type EmittedSignature, emitGraph } from './emit/emit-graph.js';
import { attribute, dataType, shapeMessage } from './protobuf/attribute.js';
import { encodeSavedModel, type SignatureMessage, type TensorInfoMessage } from './protobuf/schema.js';

/** The tag that `tf.saved_model.load` and `tf.node.loadSavedModel` look for. */
export const SERVING_TAG = 'serve';
/** The signature that runs the graph once. */
export const RUN_SIGNATURE = 'serving_default';
/** The output of signatures that only assign: the scalar 0. */
export const DONE_OUTPUT = 'done';

/** The signature that all of TensorFlow's loaders run once; its only output has the same name. */
const INIT_SIGNATURE = '__saved_model_init_op';

/** How `toSavedModel` writes a graph. */
export interface SavedModelOptions {
  /** The operands of matrix products; everything else is float32. Default: `fp32`. */
  readonly precision?: Precision | undefined;
  /** Initial values of variables to write into the file (2 GB at most); all others start as zeros. */
  readonly values?: Readonly<Record<string, TypedArray>> | undefined;
}

/** Variables that one signature reads and another writes, so that large states are passed in parts. */
export interface StateGroup {
  read: string;
  write: string;
  variables: NamedValue[];
}

const GROUP_BYTES = 64 << 20;
/** GraphDef version of TensorFlow 2.9 to 2.21. */
const PRODUCER = 1087;

/**
 * Writes a graph as a TensorFlow SavedModel: variables become resource variables; the whole run, with its updates, the
 * signature `serving_default`; and signatures `read_0`, `write_0`, … read and write the variables. With `values`,
 * loading the file initializes the variables, in Python's `tf.saved_model.load` too, so that
 * `.signatures['serving_default']` can run at once. Without, they are uninitialized until `write_0`, … have run.
 *
 * @returns the bytes of `saved_model.pb`, which must be alone in its folder
 * @throws Error naming an operation without an equivalent in TensorFlow; RangeError if a value's length does not fit
 *   its variable
 *
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * import { toSavedModel, trace } from '@mlm/compile';
 * import * as tf from '@tensorflow/tfjs-core';
 *
 * const graph = trace((_, { x }) => ({ y: tf.relu(x!) }), { inputs: { x: { shape: ['batch', 3], dtype: 'float32' } } });
 * await writeFile('relu/saved_model.pb', toSavedModel(graph));
 * ```
 */
export function toSavedModel(graph: Graph, options: SavedModelOptions = {}): Uint8Array {
  const builder = new GraphBuilder(options.precision);
  const signatureDef: Record<string, SignatureMessage> = {
    [RUN_SIGNATURE]: signature(emitGraph(graph, builder)),
  };
  for (const group of stateGroups(graph)) {
    signatureDef[group.read] = signature(readSignature(group.variables, builder));
    signatureDef[group.write] = signature(writeSignature(group.variables, builder));
  }
  if (options.values) signatureDef[INIT_SIGNATURE] = initSignature(graph.variables, options.values, builder);
  return encodeSavedModel({
    savedModelSchemaVersion: 1,
    metaGraphs: [
      {
        metaInfoDef: { tags: [SERVING_TAG], tensorflowVersion: '2.21.0' },
        graphDef: { node: builder.nodes, versions: { producer: PRODUCER, minConsumer: 0 } },
        signatureDef,
      },
    ],
  });
}

/** Divides a graph's variables into groups of at most 64 MiB, or of one larger variable. */
export function stateGroups(graph: Graph): StateGroup[] {
  const groups: NamedValue[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const variable of graph.variables) {
    const size = 4 * elementCount(staticShape(variable.shape));
    if (bytes + size > GROUP_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)!.push(variable);
    bytes += size;
  }
  return groups.map((variables, i) => ({ read: `read_${i}`, write: `write_${i}`, variables }));
}

function readSignature(variables: readonly NamedValue[], to: GraphBuilder): EmittedSignature {
  const outputs = variables.map((value) => {
    const attr = { dtype: attribute.type(value.dtype) };
    const tensor = to.add('ReadVariableOp', [to.variable(value)], attr, { name: `state/read/${value.name}` });
    return [value.name, { tensor, value }] as const;
  });
  return { inputs: {}, outputs: Object.fromEntries(outputs) };
}

function writeSignature(variables: readonly NamedValue[], to: GraphBuilder): EmittedSignature {
  const after: string[] = [];
  const inputs = variables.map((value) => {
    const dtype = attribute.type(value.dtype);
    const options = { name: `state/write/${value.name}` };
    const tensor = to.add('Placeholder', [], { dtype, shape: attribute.shape(value.shape) }, options);
    after.push(to.add('AssignVariableOp', [to.variable(value), tensor], { dtype }, options));
    return [value.name, { tensor, value }] as const;
  });
  const T = { T: attribute.type('int32') };
  const tensor = to.add('Identity', [to.scalar(0, 'int32')], T, { name: 'state/done', after });
  const done = { tensor, value: { shape: [], dtype: 'int32' as const } };
  return { inputs: Object.fromEntries(inputs), outputs: { [DONE_OUTPUT]: done } };
}

/** Assigns initial values when the file is loaded. @throws RangeError if a value's length does not fit its variable */
function initSignature(
  variables: readonly NamedValue[],
  values: Readonly<Record<string, TypedArray>>,
  to: GraphBuilder,
): SignatureMessage {
  const after = variables.map((variable) => {
    const { name, dtype } = variable;
    const shape = staticShape(variable.shape);
    const value = values[name];
    if (value && value.length !== elementCount(shape)) {
      throw new RangeError(`the variable '${name}' holds ${elementCount(shape)} values, not ${value.length}`);
    }
    const attr = { T: attribute.type(dtype), index_type: attribute.type('int32') };
    const first = value
      ? to.constant(value, shape, dtype)
      : to.add('Fill', [to.integers(shape), to.scalar(0, dtype)], attr);
    const options = { name: `state/first/${name}` };
    return to.add(
      'AssignVariableOp',
      [to.variable(variable), first],
      { dtype: attribute.type(dtype) },
      options,
    );
  });
  const name = to.add('NoOp', [], {}, { name: 'state/first', after });
  // How a signature describes an operation without tensors.
  const done = { name, dtype: 0, tensorShape: { dim: [], unknownRank: true } };
  return { inputs: {}, outputs: { [INIT_SIGNATURE]: done }, methodName: '' };
}

function signature({ inputs, outputs }: EmittedSignature): SignatureMessage {
  const describe = (tensors: EmittedSignature['inputs']): Record<string, TensorInfoMessage> =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { tensor, value }]) => [
        name,
        {
          name: tensor.includes(':') ? tensor : `${tensor}:0`,
          dtype: dataType(value.dtype),
          tensorShape: shapeMessage(value.shape),
        },
      ]),
    );
  return { inputs: describe(inputs), outputs: describe(outputs), methodName: 'tensorflow/serving/predict' };
}
