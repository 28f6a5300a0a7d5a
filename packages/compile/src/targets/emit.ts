import type { Node } from '../graph/graph.js';

/**
 * Writes one node of a graph in a target's own operations, through the target's builder.
 *
 * @param to  collects what is written
 * @param node  for its attributes, and for shapes and dtypes of inputs and outputs
 * @param inputs  what the inputs are called there
 * @returns what the output is called there, or each of several outputs
 */
export type Emit<Builder> = (to: Builder, node: Node, ...inputs: string[]) => string | readonly string[];

/** How a target writes each operation, by its name in the graph. A missing row is an operation that the target lacks. */
export type EmitTable<Builder> = Readonly<Record<string, Emit<Builder>>>;
