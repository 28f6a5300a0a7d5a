import type { Graph } from '../graph/graph.js';
import { expandAdamW } from './adamw.js';
import { simplifyAlgebra } from './algebra.js';
import { shareCommon } from './common.js';

/** A step from one graph to another that computes the same, up to the rounding of a different order. */
export type Pass = (graph: Graph) => Graph;

/** Passes to plain operations of tfjs: AdamW is written out, and what is known, repeated or without effect left out. */
export const generalPasses: readonly Pass[] = [expandAdamW, simplifyAlgebra, shareCommon];

/** Applies passes one after another. */
export const applyPasses = (passes: readonly Pass[], graph: Graph): Graph =>
  passes.reduce((current, pass) => pass(current), graph);
