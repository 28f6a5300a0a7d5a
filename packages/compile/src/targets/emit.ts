import type { Dimension } from '../graph/dimension.js';
import type { DType, Node } from '../graph/graph.js';

/**
 * Writes one node of a graph in a target's own operations, through the target's builder.
 *
 * @typeParam Written  how the target refers to a value: by its name, or by that and what else it must know of it
 * @param to  collects what is written
 * @param node  for its attributes, and for shapes and dtypes of inputs and outputs
 * @param inputs  what the inputs are called there
 * @returns what the output is called there, or each of several outputs
 */
export type Emit<Builder, Written = string> = (
  to: Builder,
  node: Node,
  ...inputs: Written[]
) => Written | readonly Written[];

/** How a target writes each operation, by its name in the graph. A missing row is an operation that the target lacks. */
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

/** An attribute that is a list of sizes, some of which may be named. */
export const dimensions = ({ attributes }: Node, name: string): readonly Dimension[] =>
  attributes[name] as readonly Dimension[];
