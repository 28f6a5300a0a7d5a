import type { Graph } from '../../graph/graph.js';
import { applyPasses, generalPasses } from '../../passes/passes.js';
import { toOnnxWith } from '../onnx/model.js';
import { onnx } from '../onnx/target.js';
import type { Target } from '../target.js';
import { webgpuDriverCommand } from './commands.js';
import { emitters } from './emit/index.js';
import { WebgpuExecutable } from './run.js';
import { tryDevice } from './trial.js';
import { WebgpuVariables } from './variables.js';

const emit = (graph: Graph) => toOnnxWith(emitters, applyPasses(generalPasses, graph));

/** onnxruntime on a GPU, through WebGPU. Variables stay in the GPU's memory. */
export const webgpu = {
  name: 'webgpu',
  engine: 'onnx',
  devices: ['webgpu'],
  precisions: { fp32: ['webgpu'] },
  passes: generalPasses,
  emit,
  async load({ graph, variables, inputs }, { device, share }) {
    await tryDevice(device);
    const state = share?.variables ?? (await WebgpuVariables.create(device, variables));
    const traced = graph();
    return WebgpuExecutable.create(emit(traced), traced, inputs, { variables: state, owned: !share });
  },
  owns: (executable): executable is WebgpuExecutable => executable instanceof WebgpuExecutable,
  version: onnx.version,
  remedy: () => [webgpuDriverCommand() ?? 'a GPU with a driver for Vulkan, Metal or Direct3D 12'],
} as const satisfies Target<WebgpuExecutable>;
