import type { Graph } from '../graph/graph.js';
import { expandAdamW } from './adamw.js';
import { simplifyAlgebra } from './algebra.js';
import { shareCommon } from './common.js';

/** Rewrites a graph into one that computes the same, up to rounding. */
export type Pass = (graph: Graph) => Graph;

/** Passes that produce plain tfjs operations only: AdamW is expanded; constants are folded, and repetitions removed. */
export const generalPasses: readonly Pass[] = [expandAdamW, simplifyAlgebra, shareCommon];

/** Applies passes one after another. */
export const applyPasses = (passes: readonly Pass[], graph: Graph): Graph =>
  passes.reduce((current, pass) => pass(current), graph);
