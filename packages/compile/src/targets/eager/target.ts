import { version_core } from '@tensorflow/tfjs-core';
import type { Target } from '../target.js';
import { EagerExecutable } from './run.js';

/** tfjs's current backend, one operation at a time. Nothing is traced. */
export const eager = {
  name: 'eager',
  engine: 'eager',
  devices: ['cpu'],
  precisions: { fp32: ['cpu'] },
  tfjsBackend: true,
  passes: [],
  load: async ({ fn, variables, inputs }, { share }) => new EagerExecutable(fn, { variables, inputs, share }),
  owns: (executable): executable is EagerExecutable => executable instanceof EagerExecutable,
  version: async () => `tfjs ${version_core}`,
  remedy: () => undefined,
} as const satisfies Target<EagerExecutable>;
