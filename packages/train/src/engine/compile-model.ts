import { InputError, mention, say } from '@mlm/base/errors';
import type { Settings } from '@mlm/base/options';
import {
  type CompileOptions,
  compile,
  type Executable,
  enginesWith,
  type InputSpec,
  type TensorFunction,
  traceBackendName,
  type VariableSpec,
} from '@mlm/compile';
import * as tf from '@tensorflow/tfjs-core';
import type { Model, Weights } from '../models/model.js';
import type { engineOptions } from '../options.js';

/** The engine that runs the model, and its options. */
export interface EngineOptions extends Omit<Settings<typeof engineOptions>, 'xla' | 'devices'> {
  /** Whether TensorFlow compiles clusters of operations with XLA. Default: false. */
  xla?: boolean;
  /** Number of devices that share the rows of a batch, each with its own copy of the model. Default: 1. */
  devices?: number;
}

/**
 * The model's parameters for `compile`; without weights they are zero, or those of the executable they are shared with.
 */
export function parameterVariables({ parameters }: Model, weights?: Weights): Record<string, VariableSpec> {
  const entries = parameters.map(({ name, shape }) => {
    const value = weights?.get(name);
    return [name, { shape, value }] as const;
  });
  return Object.fromEntries(entries);
}

/** A function of the model, and the plain data it was made from, which is its key in the cache. */
export interface ModelFunction {
  fn: TensorFunction;
  values: readonly unknown[];
}

/** Makes a function of the model with one of graphs.ts. */
export const modelFunction = <Options extends unknown[]>(
  make: (model: Model, ...options: Options) => TensorFunction,
  model: Model,
  ...options: Options
): ModelFunction => ({
  fn: make(model, ...options),
  values: [make.name, model.type, model.config, ...options],
});

/** All code that the functions of graphs.ts run. */
const code = ['./', '../models/', '../optimizer/'].map((folder) => new URL(folder, import.meta.url));

/** Compiles a function of the model for an engine, with its own variables or those of the executable `share`. */
export async function compileModel(
  { engine, device, threads, precision, xla = false, devices = 1 }: EngineOptions,
  { fn, values }: ModelFunction,
  variables: NonNullable<CompileOptions['variables']>,
  inputs: Record<string, InputSpec>,
  share?: Executable,
): Promise<Executable> {
  if (xla && engine !== 'tensorflow') {
    throw new InputError(
      say`${mention('xla')}: the engine ${engine} does not support it; use ${mention('engine', 'tensorflow')}`,
    );
  }
  const together = enginesWith('severalDevices');
  if (devices > 1 && !together.includes(engine)) {
    throw new InputError(
      say`${mention('devices', devices)}: the engine ${engine} supports only one; use ${mention('engine', together.join(' or '))}`,
    );
  }
  if (enginesWith('tfjsBackend').includes(engine)) await chooseBackend();
  const cache = { code, values };
  const options = { variables, inputs, engine, device, precision, xla, devices, cache };
  return compile(fn, { ...options, threads: threads || undefined, share });
}

/** Sets tfjs's plain CPU backend, unless the program has chosen another one. */
async function chooseBackend(): Promise<void> {
  // Null after tracing a graph, despite its type.
  const chosen: string | null | undefined = tf.engine().backendName;
  if (chosen && chosen !== traceBackendName) return;
  // Otherwise, tfjs advertises its native backend at the first tensor. Despite its name, the mode only affects
  // warnings.
  tf.enableProdMode();
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
}
