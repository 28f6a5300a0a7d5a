import type { Node } from '../../../graph/graph.js';
import type { Emit, EmitTable } from '../../emit.js';
import type { Builder } from './builder.js';
import type { HloValue } from './types.js';

/** Writes one node of a graph of static shapes as StableHLO. */
export type EmitOperation = Emit<Builder, HloValue>;

export type Operations = EmitTable<Builder, HloValue>;

/** Shape of a node's output. */
export const shapeOf = (node: Node, output = 0): number[] => node.outputs[output]!.shape as number[];
