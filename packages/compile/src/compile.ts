import type { Variable } from '@tensorflow/tfjs-core';
import { readEntry, writeEntry } from './cache/entries.js';
import { cacheFolder } from './cache/folder.js';
import { type CacheSource, cacheKey } from './cache/key.js';
import { EagerStep } from './eager/step.js';
import { checkEngine, type Device, isTarget, type Precision, type Target, targets } from './engine.js';
import { DeviceStep } from './onnx/device/step.js';
import { tryDevice } from './onnx/device/trial.js';
import { DeviceVariables } from './onnx/device/variables.js';
import { type OnnxProgram, onnxProgram } from './onnx/program.js';
import { OnnxState } from './onnx/state.js';
import { OnnxStep } from './onnx/step.js';
import type { Step } from './step/step.js';
import { TensorflowStep } from './tensorflow/runtime/step.js';
import { type InputSpec, type StepFunction, trace, type VariableSpec } from './trace/trace.js';

/** What a function is compiled from, and what is to run it. Everything has a default. */
export interface CompileOptions {
  /** Variables by name: specs, or tfjs variables whose values are copied. Default: none. */
  readonly variables?: Readonly<Record<string, VariableSpec | Variable>>;
  /** Shapes and dtypes of the inputs by name, all of which `Step.run` must be given. Default: none. */
  readonly inputs?: Readonly<Record<string, InputSpec>>;
  /**
   * `onnx` (default): onnxruntime; `tensorflow`: a SavedModel in tfjs-node (see `setupTensorflow`); `eager`: tfjs's
   * current backend, operation by operation.
   */
  readonly target?: Target;
  /** Where the target runs: `cpu` (default), `webgpu` for onnx, `cuda` for tensorflow. */
  readonly device?: Device;
  /** Threads for one operation on the CPU; default: the engine's choice. */
  readonly threads?: number;
  /**
   * `bf16`: operands of matrix products in bfloat16, which the target `tensorflow` alone has; `tf32`: in TF32, which it
   * has on `cuda`. Default `fp32`.
   */
  readonly precision?: Precision;
  /** Let TensorFlow compile clusters of operations with XLA; default false. The process's first step decides. */
  readonly xla?: boolean;
  /**
   * Run on the variables of this step, of the same target and device, in place of new ones: training and evaluation on
   * one model.
   */
  readonly share?: Step;
  /**
   * Keeps what onnxruntime on the CPU is given between processes, so that a later one need not trace: what the
   * function is made of. It must be complete; a changed part compiles anew. Without it nothing is kept.
   */
  readonly cache?: CacheSource;
}

/**
 * Compiles a tfjs function, its gradients and its assignments into a step that runs as a whole.
 *
 * ```ts
 * const step = await compile(({ weight }, { x, y }) => {
 *   const { value: loss, grads } = tf.variableGrads(() => tf.losses.meanSquaredError(y, tf.matMul(x, weight)));
 *   weight.assign(tf.sub(weight, tf.mul(grads.weight, 0.1)));
 *   return { loss };
 * }, { variables: { weight: { shape: [3, 1] } }, inputs: { x: { shape: ['batch', 3], dtype: 'float32' }, … } });
 * const { loss } = await step.run({ x: new Float32Array(12), … });
 * ```
 * The targets compute the same up to float32 rounding, but for two things. Where values are NaN, `tf.max`, `tf.min`,
 * `tf.argMax` and `tf.argMin` may leave them out (onnxruntime) or not (eager tfjs on the CPU). An int32 division by zero
 * is 0 (eager, `tf.floorDiv` in onnxruntime) or fails the run (TensorFlow, `tf.mod` in onnxruntime).
 *
 * @throws if the function cannot be traced (see `trace`) or the target lacks one of its operations; InputError if the
 *   target lacks the device or the precision, or is not set up; TypeError if `share` is a step of another target or device
 */
export async function compile(fn: StepFunction, options: CompileOptions = {}): Promise<Step> {
  const { variables = {}, inputs = {}, target = 'onnx', device = 'cpu', share } = options;
  if (!isTarget(target)) throw new TypeError(`there is no target '${target}': use ${targets.join(', ')}`);
  checkEngine(target, device, options.precision ?? 'fp32');
  switch (target) {
    case 'eager':
      if (share && !(share instanceof EagerStep)) throw sharingError();
      return new EagerStep(fn, { variables, inputs, ...(share && { share }) });
    case 'onnx': {
      if (device !== 'cpu') return onDevice(fn, options, device);
      if (share && !(share instanceof OnnxStep)) throw sharingError();
      const state = { variables: share?.state ?? new OnnxState(variables), owned: !share };
      const program = await programFor(fn, options, state.variables.memory?.free ?? 0);
      return OnnxStep.create(program, inputs, state, options);
    }
    case 'tensorflow': {
      if (share && !(share instanceof TensorflowStep)) throw sharingError();
      const { threads, precision, xla } = options;
      return TensorflowStep.create(
        trace(fn, { variables, inputs }),
        inputs,
        variables,
        { threads, device: device === 'cuda' ? 'cuda' : 'cpu', precision, xla },
        share,
      );
    }
  }
}

async function programFor(fn: StepFunction, options: CompileOptions, free: number): Promise<OnnxProgram> {
  const { variables = {}, inputs = {}, cache } = options;
  const make = () => onnxProgram(trace(fn, { variables, inputs }), free);
  const folder = cache && cacheFolder();
  if (!folder) return make();
  const specs = Object.entries(variables).map(([name, { shape, dtype, trainable }]) => [
    name,
    { shape, dtype, trainable },
  ]);
  const key = cacheKey(cache, { variables: specs, inputs: Object.entries(inputs), free });
  const kept = (await readEntry(folder, key)) as OnnxProgram | undefined;
  if (kept) return kept;
  const program = make();
  await writeEntry(folder, key, program);
  return program;
}

async function onDevice(fn: StepFunction, options: CompileOptions, device: Device): Promise<Step> {
  const { variables = {}, inputs = {}, share } = options;
  if (share && !(share instanceof DeviceStep && share.variables.device === device)) throw sharingError();
  await tryDevice(device);
  const state = share?.variables ?? (await DeviceVariables.create(device, variables));
  return DeviceStep.create(trace(fn, { variables, inputs }), inputs, { variables: state, owned: !share });
}

const sharingError = () =>
  new TypeError('a step can share variables only with a step of the same target and device');
