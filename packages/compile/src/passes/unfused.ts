import type { Graph } from '../graph/graph.js';
import { ADAMW, updatesInPlace } from '../primitives/adamw.js';
import { looseErrorFunctions, rewriteGelu } from './gelu.js';
import { fuseLayerNorm, looseNormalizations } from './layer-norm.js';
import { applyPasses, generalPasses } from './passes.js';

/**
 * Patterns of a traced function that look fusible and were not fused, one line per kind, for tuning. Empty where
 * everything was recognised.
 */
export function unfused(traced: Graph): string[] {
  const graph = applyPasses([...generalPasses, rewriteGelu, fuseLayerNorm], traced);
  const updates = traced.nodes.filter(({ op }) => op === ADAMW).length - updatesInPlace(traced).length;
  const kinds = [
    [updates, 'AdamW whose results go elsewhere than into their variables'],
    [
      looseNormalizations(graph),
      'a normalization that is not (x − mean) · rsqrt(variance + ε) over the last axis',
    ],
    [looseErrorFunctions(graph), 'erf that is part of no exact GELU, 0.5 · x · (1 + erf(x · √½))'],
  ] as const;
  return kinds.filter(([count]) => count > 0).map(([count, what]) => `${count} × ${what}`);
}
