import fc from 'fast-check';
import { test } from 'vitest';
import { simplifyAlgebra } from '../../src/passes/algebra.js';
import { shareCommon } from '../../src/passes/common.js';
import { moveFactors } from '../../src/passes/factors.js';
import { rewriteGelu } from '../../src/passes/gelu.js';
import { fuseLayerNorm } from '../../src/passes/layer-norm.js';
import { fuseMatMul } from '../../src/passes/matmul.js';
import { applyPasses, generalPasses, type Pass } from '../../src/passes/passes.js';
import { onnx } from '../../src/targets/onnx/target.js';
import { evaluate, expectSame } from '../../src/testing/passes.fixture.js';
import { trace } from '../../src/trace/trace.js';
import { program, stepOf } from '../tensorflow/programs.js';

const passes: Readonly<Record<string, Pass>> = {
  simplifyAlgebra,
  shareCommon,
  moveFactors,
  rewriteGelu,
  fuseLayerNorm,
  fuseMatMul,
  generalPasses: (graph) => applyPasses(generalPasses, graph),
  'all of onnx': (graph) => applyPasses(onnx.passes, graph),
};

test.each(Object.entries(passes))(
  '%s keeps the values of random programs and their gradients',
  async (_, pass) => {
    const specs = {
      variables: { weight: { shape: [2, 3] } },
      inputs: { x: { shape: [2, 3], dtype: 'float32' as const } },
    };
    await fc.assert(
      fc.asyncProperty(program, async (operations) => {
        const graph = trace(stepOf(operations), specs);
        expectSame(await evaluate(pass(graph)), await evaluate(graph), 2e-4);
      }),
      { numRuns: 40 },
    );
  },
);
