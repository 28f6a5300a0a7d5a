import fc from 'fast-check';
import { test } from 'vitest';
import { simplifyAlgebra } from '../../src/simplify/algebra.js';
import { shareCommon } from '../../src/simplify/common.js';
import { moveFactors } from '../../src/simplify/factors.js';
import { rewriteGelu } from '../../src/simplify/gelu.js';
import { fuseLayerNorm } from '../../src/simplify/layer-norm.js';
import { fuseMatMul } from '../../src/simplify/matmul.js';
import { type Pass, simplify, simplifyForOnnx } from '../../src/simplify/simplify.js';
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
  simplify,
  simplifyForOnnx,
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
