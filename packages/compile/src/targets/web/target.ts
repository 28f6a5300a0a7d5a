import type { Graph } from '../../graph/graph.js';
import { applyPasses, generalPasses } from '../../passes/passes.js';
import { DeviceState } from '../onnx/device-state.js';
import { toOnnxWith } from '../onnx/model.js';
import type { Target } from '../target.js';
import { emitters } from '../webgpu/emit/index.js';
import { WebExecutable, webCopies } from './run.js';

const emit = (graph: Graph) => toOnnxWith(emitters, applyPasses(generalPasses, graph));

/** onnxruntime-web in a browser, on WebGPU or WebAssembly. It shares its emitters with the target webgpu. */
export const web = {
  name: 'onnxruntime-web',
  engine: 'onnx',
  devices: ['cpu', 'webgpu'],
  precisions: { fp32: ['cpu', 'webgpu'] },
  passes: generalPasses,
  emit,
  async load({ graph, variables, inputs }, { device, share }) {
    const state = share?.state ?? (await DeviceState.create(variables, webCopies));
    const traced = graph();
    return WebExecutable.create(emit(traced), traced, inputs, { state, owned: !share, device });
  },
  owns: (executable): executable is WebExecutable => executable instanceof WebExecutable,
  version: async () => 'onnxruntime-web',
  remedy: () => undefined,
} as const satisfies Target<WebExecutable>;
