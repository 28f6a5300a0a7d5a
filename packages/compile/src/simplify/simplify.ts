import type { Graph } from '../graph/graph.js';
import { simplifyAlgebra } from './algebra.js';
import { shareCommon } from './common.js';
import { moveFactors } from './factors.js';
import { rewriteGelu } from './gelu.js';
import { fuseLayerNorm } from './layer-norm.js';
import { fuseMatMul } from './matmul.js';

/** A step from one graph to another that computes the same, up to the rounding of a different order. */
export type Pass = (graph: Graph) => Graph;

/**
 * Passes to operations of the traced graph itself. TensorFlow gets graphs without them: its own optimizer, grappler, does
 * the same, and AdamW is recognised as it was written.
 */
const GENERAL: readonly Pass[] = [simplifyAlgebra, shareCommon];

/** Passes to operations that onnxruntime fuses: LayerNormalization and matrix products with factor and bias. */
const ONNX: readonly Pass[] = [
  rewriteGelu,
  fuseLayerNorm,
  // Twice: first a product takes the factors of its own result, then those of operands that moved past other operations.
  fuseMatMul,
  moveFactors,
  fuseMatMul,
  simplifyAlgebra,
  shareCommon,
];

const apply = (passes: readonly Pass[], graph: Graph): Graph =>
  passes.reduce((current, pass) => pass(current), graph);

/** Leaves out of a graph what is known, repeated or without effect. What onnxruntime runs on a GPU. */
export const simplify = (graph: Graph): Graph => apply(GENERAL, graph);

/** The graph in the operations that onnxruntime runs fastest on the CPU; `toOnnx` alone knows them all. */
export const simplifyForOnnx = (graph: Graph): Graph => apply([...GENERAL, ...ONNX], graph);
