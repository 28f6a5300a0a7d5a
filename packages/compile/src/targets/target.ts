import type { MessageParts } from '@mlm/base/errors';
import type { Variable } from '@tensorflow/tfjs-core';
import type { Executable } from '../executable.js';
import type { Graph } from '../graph/graph.js';
import type { Pass } from '../passes/passes.js';
import type { InputSpec, TensorFunction, VariableSpec } from '../trace/trace.js';

/** Where an engine runs. */
export type Device = 'cpu' | 'webgpu' | 'cuda' | 'rocm' | 'tpu';

export const precisions = ['fp32', 'tf32', 'bf16'] as const;

/**
 * How the operands of matrix products are rounded; all else is float32. `tf32` keeps 10 bits of their mantissas, as the
 * matrix units of NVIDIA's GPUs do from Ampere on.
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
  /** Whether the caller wants what is made of the function kept for later processes. */
  readonly keeps: boolean;
  /**
   * What `make` gives, or gave in an earlier process, if the caller wants it kept.
   * @param details  all that it depends on beside the function, as JSON
   * @param make  gives what a structured clone can hold
   */
  kept<T>(details: unknown, make: () => T | Promise<T>): Promise<T>;
}

/** How an engine is to run a function. */
export interface LoadOptions<E extends Executable = Executable> {
  readonly device: Device;
  readonly precision: Precision;
  /** Threads for one operation on the CPU; the engine's choice where it is left out. */
  readonly threads?: number | undefined;
  /** Whether TensorFlow compiles clusters of operations with XLA. */
  readonly xla?: boolean | undefined;
  /** How many devices run the function together; only for targets that divide their inputs. */
  readonly devices?: number | undefined;
  /** Run on the variables of this executable, which the target owns, in place of new ones. */
  readonly share?: E | undefined;
}

/**
 * A way to run graphs: what they are written as, and what runs that. A new one is a folder with a file that implements
 * this, `target.ts`, and a line in the list in index.ts. An operation that it lacks is a row missing in its emitters' table.
 *
 * @typeParam E  what it makes of a function
 */
export interface Target<E extends Executable = Executable> {
  /** Names it in messages about the target itself. */
  readonly name: string;
  /** The engine by which it is chosen, together with a device. Two targets may share it on different devices. */
  readonly engine: string;
  readonly devices: readonly Device[];
  /** The devices on which it multiplies in a precision. */
  readonly precisions: Readonly<Partial<Record<Precision, readonly Device[]>>>;
  /** What is done to a traced graph before it is written. */
  readonly passes: readonly Pass[];
  /**
   * Writes a graph, passes applied, as the file that the engine reads; left out where there is none.
   * @throws Error naming an operation that has no form in this target
   */
  emit?(graph: Graph): Uint8Array;
  /** What the passes were made to recognise and did not, a line for each kind; left out where nothing is recognised. */
  unfused?(graph: Graph): string[];
  /**
   * Compiles a function.
   * @throws InputError if the engine is not set up or does not start
   */
  load(source: Source, options: LoadOptions<E>): Promise<E>;
  /** Whether this target made an executable, on this device, so that others may share its variables. */
  owns(executable: Executable, device: Device): executable is E;
  /** The engine and its version, for example `onnxruntime 1.30.0`. */
  version(device: Device): Promise<string>;
  /** What gets it to work on a device, where that is known. */
  remedy(device: Device): MessageParts | undefined;
}

/**
 * Counts up when a compiled function computes something else than before, beyond rounding. A run records it, so that
 * what an older one trained can be told apart.
 *
 * - 1, or none recorded: the gradients of `tf.gather`, and with them those of embeddings, could lose updates on the
 *   engine onnx on the CPU, with more than one thread and rows × width of about 210,000 or more.
 * - 2: every sum over duplicates is complete, and the same in every run.
 */
export const ENGINE_REVISION = 2;
