import { createRequire } from 'node:module';
import { simplifyAlgebra } from '../../passes/algebra.js';
import { shareCommon } from '../../passes/common.js';
import { moveFactors } from '../../passes/factors.js';
import { rewriteGelu } from '../../passes/gelu.js';
import { fuseLayerNorm } from '../../passes/layer-norm.js';
import { fuseMatMul } from '../../passes/matmul.js';
import { applyPasses, generalPasses } from '../../passes/passes.js';
import { unfused } from '../../passes/unfused.js';
import type { Target } from '../target.js';
import { toOnnx } from './model.js';
import { onnxProgram } from './program.js';
import { OnnxExecutable } from './run.js';
import { OnnxState } from './state.js';

const passes = [
  ...generalPasses,
  rewriteGelu,
  fuseLayerNorm,
  // Twice: first products absorb factors of their results, then factors that were moved past other operations.
  fuseMatMul,
  moveFactors,
  fuseMatMul,
  simplifyAlgebra,
  shareCommon,
];

/** onnxruntime on the CPU. Our own kernels draw dropout masks and update variables, which are arrays of ours. */
export const onnx = {
  name: 'onnx',
  engine: 'onnx',
  devices: ['cpu'],
  precisions: { fp32: ['cpu'] },
  passes,
  emit: (graph) => toOnnx(applyPasses(passes, graph)),
  unfused,
  async load(source, { threads, share }) {
    const state = share?.state ?? new OnnxState(source.variables);
    const free = state.memory?.free ?? 0;
    const program = await source.kept({ free }, () => {
      const graph = source.graph();
      // `mlm --debug` sets it.
      if (process.env.MLM_DEBUG) for (const line of unfused(graph)) process.stderr.write(`onnx: ${line}\n`);
      return onnxProgram(graph, passes, free);
    });
    return OnnxExecutable.create(program, source.inputs, { state, owned: !share }, { threads });
  },
  owns: (executable): executable is OnnxExecutable => executable instanceof OnnxExecutable,
  async version() {
    const manifest = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
    return `onnxruntime ${manifest.version}`;
  },
  remedy: () => ['pnpm install'],
} as const satisfies Target<OnnxExecutable>;
