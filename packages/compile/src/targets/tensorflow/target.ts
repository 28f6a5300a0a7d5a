import { call, say } from '@mlm/base/errors';
import type { Target } from '../target.js';
import { readInstallation } from './installation.js';
import { TensorflowExecutable } from './run.js';
import { toSavedModel } from './saved-model.js';

/**
 * TensorFlow through tfjs-node-gpu, on the CPU and CUDA. It gets graphs as traced: its own optimizer, Grappler, does
 * what our passes do.
 */
export const tensorflow = {
  name: 'tensorflow',
  engine: 'tensorflow',
  devices: ['cpu', 'cuda'],
  precisions: { fp32: ['cpu', 'cuda'], tf32: ['cuda'], bf16: ['cpu', 'cuda'] },
  passes: [],
  emit: (graph) => toSavedModel(graph),
  load: ({ graph, inputs, variables }, { share, ...options }) =>
    TensorflowExecutable.create(
      graph(),
      inputs,
      variables,
      { ...options, device: options.device === 'cuda' ? 'cuda' : 'cpu' },
      share,
    ),
  owns: (executable, device): executable is TensorflowExecutable =>
    executable instanceof TensorflowExecutable && executable.device === device,
  version: async () => `TensorFlow ${(await readInstallation())?.tensorflow_version}`,
  remedy: (device) =>
    device === 'cuda'
      ? say`${call('setupTensorflow', { gpu: true })}, with NVIDIA's driver installed`
      : say`${call('setupTensorflow')}`,
} as const satisfies Target<TensorflowExecutable>;
