import { keep } from './cache/keep.js';
import type { CacheSource } from './cache/key.js';
import type { Executable } from './executable.js';
import { type Engine, targetFor } from './targets/index.js';
import type { Device, Precision, Source, Variables } from './targets/target.js';
import { type InputSpec, type TensorFunction, trace } from './trace/trace.js';

/** What to compile a function from, and what to run it on. Every option has a default. */
export interface CompileOptions {
  /** Variables by name: specs, or tfjs variables whose values are copied. Default: none. */
  readonly variables?: Variables;
  /** Shapes and dtypes of the inputs, by name. `Executable.run` must be given all of them. Default: none. */
  readonly inputs?: Readonly<Record<string, InputSpec>>;
  /**
   * `onnx` (default): onnxruntime; `xla`: a program for each set of sizes, through PJRT (see `setupXla` of
   * @mlm/engines); `tensorflow`: a SavedModel in tfjs-node (see `setupTensorflow`); `eager`: tfjs's current backend,
   * one operation at a time.
   */
  readonly engine?: Engine;
  /**
   * Where the engine runs: `cpu` (default); `webgpu` with onnx; `cuda` with xla and tensorflow; `rocm`, `tpu` with xla.
   */
  readonly device?: Device;
  /** Threads per operation on the CPU. Default: the engine's choice. */
  readonly threads?: number | undefined;
  /**
   * The operands of matrix products: `fp32` (default), `bf16` (xla and tensorflow) or `tf32` (the same, on `cuda`). All
   * other values are float32.
   */
  readonly precision?: Precision;
  /**
   * Makes TensorFlow compile clusters of operations with XLA. The first executable of a process decides. Default:
   * false.
   */
  readonly xla?: boolean;
  /**
   * How many devices run the function together (xla), each on its share of the `divided` inputs and with its own copy
   * of the variables. Default: 1.
   */
  readonly devices?: number;
  /**
   * Uses the variables of this executable, which must have the same engine and device, instead of new ones. Training
   * and evaluation share a model this way.
   */
  readonly share?: Executable | undefined;
  /**
   * Everything the function is made of. If given, programs for onnxruntime on the CPU and for XLA are cached on disk,
   * so that a later process need not trace. It must be complete: a changed part compiles anew. Default: nothing is
   * cached.
   */
  readonly cache?: CacheSource;
}

/**
 * Compiles a tfjs function, its gradients and its assignments into an executable that runs as a whole.
 *
 * All engines compute the same values up to float32 rounding, with two exceptions. `tf.max`, `tf.min`, `tf.argMax` and
 * `tf.argMin` may ignore NaN (onnxruntime) or not (eager tfjs on the CPU). An int32 division by zero gives 0 (eager;
 * `tf.floorDiv` in onnxruntime) or fails (TensorFlow; `tf.mod` in onnxruntime).
 *
 * @throws Error if the function cannot be traced (see `trace`) or the engine lacks one of its operations; InputError if
 *   the engine lacks the device or the precision, or is not set up; TypeError if `share` has another engine or device
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
    throw new TypeError('executables can share variables only if they have the same engine and device');
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
