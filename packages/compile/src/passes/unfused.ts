import type { Graph } from '../graph/graph.js';
import { ADAMW, updatesInPlace } from '../primitives/adamw.js';
import { looseErrorFunctions, rewriteGelu } from './gelu.js';
import { fuseLayerNorm, looseNormalizations } from './layer-norm.js';
import { applyPasses, generalPasses } from './passes.js';

/** Patterns in a traced graph that look fusible but were not recognised, one line per kind; for tuning. */
export function unfused(traced: Graph): string[] {
  const graph = applyPasses([...generalPasses, rewriteGelu, fuseLayerNorm], traced);
  const updates = traced.nodes.filter(({ op }) => op === ADAMW).length - updatesInPlace(traced).length;
  const kinds = [
    [updates, 'AdamW whose results are not assigned to its own variables'],
    [
      looseNormalizations(graph),
      'a normalization that is not (x − mean) · rsqrt(variance + ε) over the last axis',
    ],
    [looseErrorFunctions(graph), 'erf outside an exact GELU, 0.5 · x · (1 + erf(x · √½))'],
  ] as const;
  return kinds.filter(([count]) => count > 0).map(([count, what]) => `${count} × ${what}`);
}
