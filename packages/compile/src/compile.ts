import { keep } from './cache/keep.js';
import type { CacheSource } from './cache/key.js';
import type { Executable } from './executable.js';
import { type Engine, targetFor } from './targets/index.js';
import type { Device, Precision, Source, Variables } from './targets/target.js';
import { type InputSpec, type TensorFunction, trace } from './trace/trace.js';

/** What a function is compiled from, and what is to run it. Everything has a default. */
export interface CompileOptions {
  /** Variables by name: specs, or tfjs variables whose values are copied. Default: none. */
  readonly variables?: Variables;
  /** Shapes and dtypes of the inputs by name, all of which `Executable.run` must be given. Default: none. */
  readonly inputs?: Readonly<Record<string, InputSpec>>;
  /**
   * `onnx` (default): onnxruntime; `tensorflow`: a SavedModel in tfjs-node (see `setupTensorflow` of @mlm/engines);
   * `eager`: tfjs's current backend, operation by operation.
   */
  readonly engine?: Engine;
  /** Where the engine runs: `cpu` (default), `webgpu` for onnx, `cuda` for tensorflow. */
  readonly device?: Device;
  /** Threads for one operation on the CPU; default: the engine's choice. */
  readonly threads?: number | undefined;
  /**
   * `bf16`: operands of matrix products in bfloat16, which the engine `tensorflow` alone has; `tf32`: in TF32, which it
   * has on `cuda`. Default `fp32`.
   */
  readonly precision?: Precision;
  /** Let TensorFlow compile clusters of operations with XLA; default false. The process's first executable decides. */
  readonly xla?: boolean;
  /**
   * How many devices run the function together, each on its share of the inputs that are `divided` and with its own
   * copy of the variables: `xla` alone has more than one. Default 1.
   */
  readonly devices?: number;
  /**
   * Run on the variables of this executable, of the same engine and device, in place of new ones: training and
   * evaluation on one model.
   */
  readonly share?: Executable | undefined;
  /**
   * Keeps what onnxruntime on the CPU is given between processes, so that a later one need not trace: what the
   * function is made of. It must be complete; a changed part compiles anew. Without it nothing is kept.
   */
  readonly cache?: CacheSource;
}

/**
 * Compiles a tfjs function, its gradients and its assignments into an executable that runs as a whole.
 *
 * The engines compute the same up to float32 rounding, but for two things. Where values are NaN, `tf.max`, `tf.min`,
 * `tf.argMax` and `tf.argMin` may leave them out (onnxruntime) or not (eager tfjs on the CPU). An int32 division by zero
 * is 0 (eager, `tf.floorDiv` in onnxruntime) or fails the run (TensorFlow, `tf.mod` in onnxruntime).
 *
 * @throws if the function cannot be traced (see `trace`) or the engine lacks one of its operations; InputError if the
 *   engine lacks the device or the precision, or is not set up; TypeError if `share` is of another engine or device
 *
 * @example
 * ```ts
 * import { compile } from '@mlm/compile';
 * import * as tf from '@tensorflow/tfjs-core';
 *
 * const variables = { weight: { shape: [3, 1] } };
 * const inputs = {
 *   x: { shape: ['batch', 3], dtype: 'float32' },
 *   y: { shape: ['batch', 1], dtype: 'float32' },
 * } as const;
 * const step = await compile(
 *   ({ weight }, { x, y }) => {
 *     const error = () => tf.losses.meanSquaredError(y!, tf.matMul(x!, weight!)) as tf.Scalar;
 *     const { value: loss, grads } = tf.variableGrads(error);
 *     weight!.assign(tf.sub(weight!, tf.mul(grads.weight!, 0.1)));
 *     return { loss };
 *   },
 *   { variables, inputs },
 * );
 * const { loss } = await step.run({ x: new Float32Array(12), y: new Float32Array(4) });
 * await step.dispose();
 * ```
 */
export async function compile(fn: TensorFunction, options: CompileOptions = {}): Promise<Executable> {
  const { engine = 'onnx', device = 'cpu', precision = 'fp32', threads, xla, share, devices } = options;
  const target = targetFor(engine, device, precision);
  if (share && !target.owns(share, device)) {
    throw new TypeError('an executable can share variables only with one of the same engine and device');
  }
  return target.load(sourceOf(fn, options), { device, precision, threads, xla, share, devices });
}

function sourceOf(fn: TensorFunction, { variables = {}, inputs = {}, cache }: CompileOptions): Source {
  return {
    fn,
    variables,
    inputs,
    graph: () => trace(fn, { variables, inputs }),
    keeps: cache !== undefined,
    kept(details, make) {
      const specs = Object.entries(variables).map(([name, { shape, dtype, trainable }]) => [
        name,
        { shape, dtype, trainable },
      ]);
      return keep(cache, { variables: specs, inputs: Object.entries(inputs), details }, make);
    },
  };
}
