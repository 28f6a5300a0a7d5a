import type { Tensor } from 'onnxruntime-common';
import type { Graph, TypedArray } from '../../graph/graph.js';
import type { InputSpec } from '../../trace/trace.js';
import { DeviceExecutable, resultLocations } from '../onnx/device-executable.js';
import type { DeviceCopies, DeviceState } from '../onnx/device-state.js';
import { makeTensor } from '../onnx/tensor.js';
import type { Device } from '../target.js';
import { webRuntime } from './runtime.js';

/** onnxruntime-web's own copies; a tensor made from an array is uploaded by the first run that reads it. */
export const webCopies: DeviceCopies = {
  upload: async (values, shape) => tensorOf(values, shape),
  download: async (tensor) => ((await tensor.getData()) as TypedArray).slice(),
  dispose: async () => {},
};

/** Runs a graph in onnxruntime-web. */
export class WebExecutable extends DeviceExecutable {
  static async create(
    model: Uint8Array,
    graph: Graph,
    inputs: Readonly<Record<string, InputSpec>>,
    {
      state,
      owned,
      device,
    }: { readonly state: DeviceState; readonly owned: boolean; readonly device: Device },
  ): Promise<WebExecutable> {
    const onGpu = device === 'webgpu';
    const session = await webRuntime().InferenceSession.create(model, {
      executionProviders: [onGpu ? 'webgpu' : 'wasm'],
      preferredOutputLocation: resultLocations(graph, onGpu ? 'gpu-buffer' : 'cpu'),
      graphOptimizationLevel: 'all',
    });
    return new WebExecutable({ session, graph, inputs }, state, owned);
  }

  protected tensor(data: TypedArray, shape: readonly number[]): Tensor {
    return tensorOf(data, shape);
  }
}

const tensorOf = (data: TypedArray, shape: readonly number[]): Tensor =>
  makeTensor(webRuntime().Tensor, data, shape);
