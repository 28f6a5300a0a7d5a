import type { TypedArray } from './graph/graph.js';

/** Values of one input: the elements alone, or with the shape where named sizes cannot be told from the length. */
export type ExecutableInput = TypedArray | { readonly data: TypedArray; readonly shape: readonly number[] };

/** A compiled function together with its variables. The same for every engine. */
export interface Executable {
  /** Programs compiled or loaded so far, on an engine with one for each set of sizes; undefined on the others. */
  readonly programs?: number | undefined;
  /**
   * Runs the function once and updates the assigned variables.
   * @param inputs  every input by name; row-major elements
   * @returns the outputs by name; the arrays are the caller's to keep
   */
  run(inputs: Readonly<Record<string, ExecutableInput>>): Promise<Record<string, TypedArray>>;
  /** Copies of variables' values; all of them if no names are given. */
  read(names?: readonly string[]): Promise<Record<string, TypedArray>>;
  /** Sets variables. */
  write(values: Readonly<Record<string, TypedArray>>): Promise<void>;
  /** Frees the engine's memory. An executable that shares its variables with others leaves them to the first. */
  dispose(): Promise<void>;
}
