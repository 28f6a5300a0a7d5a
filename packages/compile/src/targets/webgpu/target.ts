import type { Graph } from '../../graph/graph.js';
import { applyPasses, generalPasses } from '../../passes/passes.js';
import { DeviceState } from '../onnx/device-state.js';
import { toOnnxWith } from '../onnx/model.js';
import { onnx } from '../onnx/target.js';
import type { Target } from '../target.js';
import { webgpuDriverCommand } from './commands.js';
import { SessionCopies } from './copies.js';
import { emitters } from './emit/index.js';
import { WebgpuExecutable } from './run.js';
import { tryDevice } from './trial.js';

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
    const state = share?.state ?? (await DeviceState.create(variables, new SessionCopies(device)));
    const traced = graph();
    return WebgpuExecutable.create(emit(traced), traced, inputs, { state, owned: !share, device });
  },
  owns: (executable): executable is WebgpuExecutable => executable instanceof WebgpuExecutable,
  version: onnx.version,
  remedy: () => [webgpuDriverCommand() ?? 'a GPU with a driver for Vulkan, Metal or Direct3D 12'],
} as const satisfies Target<WebgpuExecutable>;
