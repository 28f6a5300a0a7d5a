import {
  type CompileOptions,
  compile,
  type InputSpec,
  type Step,
  type StepFunction,
  traceBackendName,
  type VariableSpec,
} from '@mlm/compile';
import * as tf from '@tensorflow/tfjs-core';
import type { BertConfig } from '../model/config.js';
import { parameterShapes, type Weights } from '../model/parameters.js';

/** What computes the model. */
export interface EngineOptions {
  /** `onnx`: onnxruntime; `eager`: tfjs operation by operation; `tensorflow`: tfjs-node. */
  engine: NonNullable<CompileOptions['target']>;
  device: 'cpu' | 'webgpu' | 'cuda';
  /** Threads of the engine; 0 leaves it to the engine. */
  threads: number;
  precision: 'fp32' | 'bf16';
}

/** The model's parameters for `compile`; without weights they are zero, or those of the step that shares its own. */
export function parameterVariables(config: BertConfig, weights?: Weights): Record<string, VariableSpec> {
  const entries = [...parameterShapes(config)].map(([name, shape]) => {
    const value = weights?.get(name);
    return [name, { shape, ...(value && { value }) }] as const;
  });
  return Object.fromEntries(entries);
}

/** Compiles a function of the model for an engine, on variables of its own or on those of the step `share`. */
export async function compileModel(
  { engine, device, threads, precision }: EngineOptions,
  fn: StepFunction,
  variables: NonNullable<CompileOptions['variables']>,
  inputs: Record<string, InputSpec>,
  share?: Step,
): Promise<Step> {
  if (engine === 'eager') await chooseBackend();
  const options = { variables, inputs, target: engine, device, precision };
  return compile(fn, { ...options, ...(threads > 0 && { threads }), ...(share && { share }) });
}

/** The eager engine runs on the tfjs backend that the program has chosen; without one, on tfjs's plain CPU backend. */
async function chooseBackend(): Promise<void> {
  const chosen: string | undefined = tf.engine().backendName;
  if (chosen !== undefined && chosen !== traceBackendName) return;
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
}
