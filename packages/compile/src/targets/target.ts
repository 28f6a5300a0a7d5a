import type { MessageParts } from '@mlm/base/errors';
import type { Variable } from '@tensorflow/tfjs-core';
import type { Executable } from '../executable.js';
import type { Graph } from '../graph/graph.js';
import type { Pass } from '../passes/passes.js';
import type { InputSpec, TensorFunction, VariableSpec } from '../trace/trace.js';

/** Where an engine runs. */
export type Device = 'cpu' | 'webgpu' | 'cuda' | 'rocm' | 'tpu';

/** All precisions. */
export const precisions = ['fp32', 'tf32', 'bf16'] as const;

/**
 * How the operands of matrix products are rounded; everything else is float32. `tf32` keeps 10 bits of the mantissa, as
 * the matrix units of NVIDIA's GPUs do since Ampere.
 */
export type Precision = (typeof precisions)[number];

/** Variables by name: specs, or tfjs variables whose values are copied. */
export type Variables = Readonly<Record<string, VariableSpec | Variable>>;

/** A function to compile. */
export interface Source {
  readonly fn: TensorFunction;
  readonly variables: Variables;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  /** Traces the function. */
  graph(): Graph;
  /** Whether compiled programs are cached for later processes. */
  readonly keeps: boolean;
  /**
   * Returns the result of `make`, from the cache if caching is on and an earlier process has made the same.
   *
   * @param details everything that the result depends on besides the function, as JSON
   * @param make returns a value that structured clone can copy
   */
  kept<T>(details: unknown, make: () => T | Promise<T>): Promise<T>;
}

/** How an engine runs a function. */
export interface LoadOptions<E extends Executable = Executable> {
  readonly device: Device;
  readonly precision: Precision;
  /** Threads per operation on the CPU. Default: the engine's choice. */
  readonly threads?: number | undefined;
  /** Whether TensorFlow compiles clusters of operations with XLA. Default: false. */
  readonly xla?: boolean | undefined;
  /** Number of devices that run the function together, for targets that divide their inputs. Default: 1. */
  readonly devices?: number | undefined;
  /** Uses the variables of this executable, made by the same target, instead of new ones. */
  readonly share?: E | undefined;
}

/** What callers adapt to, of a target; each defaults to false. */
export interface Capabilities {
  /** Compiles a program for each set of sizes, so that inputs should come in few sizes. */
  readonly staticShapes?: boolean;
  /** Runs a function on several devices together. */
  readonly severalDevices?: boolean;
  /** Runs on tfjs's current backend, which the program must set. */
  readonly tfjsBackend?: boolean;
}

/**
 * A way to run graphs: the format they are written in, and what runs that format. A new target is a folder with a
 * `target.ts` that implements this interface, and a line in the list of index.ts. Operations missing from its emitters
 * are unsupported.
 *
 * @typeParam E the class of its executables
 */
export interface Target<E extends Executable = Executable> extends Capabilities {
  /** The target's name in messages. */
  readonly name: string;
  /** The engine that users choose it by, together with a device. Targets on different devices may share an engine. */
  readonly engine: string;
  readonly devices: readonly Device[];
  /** The devices that support each precision. */
  readonly precisions: Readonly<Partial<Record<Precision, readonly Device[]>>>;
  /** The passes applied to a traced graph before it is written. */
  readonly passes: readonly Pass[];
  /**
   * Applies the passes to a graph and writes it as the file that the engine reads. Absent if there is no such file.
   *
   * @throws Error naming an unsupported operation
   */
  emit?(graph: Graph): Uint8Array;
  /**
   * What the passes should have recognised but did not, one line per kind. Absent if the passes recognise no patterns.
   */
  unfused?(graph: Graph): string[];
  /**
   * Compiles a function.
   *
   * @throws InputError if the engine is not set up or does not start
   */
  load(source: Source, options: LoadOptions<E>): Promise<E>;
  /** Whether this target made the executable, on this device, so that others can share its variables. */
  owns(executable: Executable, device: Device): executable is E;
  /** The engine and its version, for example `onnxruntime 1.30.0`. */
  version(device: Device): Promise<string>;
  /** How to make it work on a device, if that is known. */
  remedy(device: Device): MessageParts | undefined;
}

/**
 * Increases whenever compiled functions begin to compute different values, beyond rounding. Runs record it, so that
 * models trained by an earlier revision can be recognised.
 *
 * - 1, or not recorded: with onnx on the CPU, more than one thread, and rows × width of about 210,000 or more,
 *   gradients of `tf.gather`, and so of embeddings, could lose updates.
 * - 2: every sum over duplicate indices is complete, and the same in every run.
 */
export const ENGINE_REVISION = 2;
