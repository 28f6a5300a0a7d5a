import type { Dimension } from '../graph/dimension.js';
import type { DType, Node } from '../graph/graph.js';

/**
 * Writes one node of a graph as operations of a target.
 *
 * @typeParam Written how the target refers to a value: by name, or by name, shape and type
 * @param to the target's builder, which collects the operations
 * @param node the node, which has the attributes, shapes and dtypes
 * @param inputs the target's references to the node's inputs
 * @returns the target's reference to the output, or to each of several outputs
 */
export type Emit<Builder, Written = string> = (
  to: Builder,
  node: Node,
  ...inputs: Written[]
) => Written | readonly Written[];

/**
 * How a target writes each operation, by the operation's name in the graph. A missing entry is an unsupported
 * operation.
 */
export type EmitTable<Builder, Written = string> = Readonly<Record<string, Emit<Builder, Written>>>;

/** The dtype of a node's first input. */
export const inputType = (node: Node): DType => node.inputs[0]!.dtype;

/** The dtype of a node's first output. */
export const outputType = (node: Node): DType => node.outputs[0]!.dtype;

/** An attribute that is a number. */
export const number = ({ attributes }: Node, name: string): number => attributes[name] as number;

/** An attribute that is a list of numbers, such as axes. */
export const numbers = ({ attributes }: Node, name: string): readonly number[] =>
  attributes[name] as readonly number[];

/** An attribute that is a list of sizes, some of them possibly named. */
export const dimensions = ({ attributes }: Node, name: string): readonly Dimension[] =>
  attributes[name] as readonly Dimension[];
