import type { TypedArray } from './graph/graph.js';

/** The value of one input: its elements, together with its shape if named sizes cannot be derived from their number. */
export type ExecutableInput = TypedArray | { readonly data: TypedArray; readonly shape: readonly number[] };

/** A compiled function together with its variables, the same for every engine. */
export interface Executable {
  /** Programs compiled or loaded so far, on an engine that needs one for each set of sizes; otherwise undefined. */
  readonly programs?: number | undefined;
  /**
   * Runs the function once and updates the assigned variables.
   *
   * @param inputs every input by name, elements in row-major order
   * @returns the outputs by name, in arrays that belong to the caller
   * @throws TypeError if an input is missing, unknown or does not fit its spec; OutOfMemoryError if memory runs out
   */
  run(inputs: Readonly<Record<string, ExecutableInput>>): Promise<Record<string, TypedArray>>;
  /** Copies the values of the named variables, or of all of them. @throws TypeError for an unknown name */
  read(names?: readonly string[]): Promise<Record<string, TypedArray>>;
  /** Sets variables. @throws TypeError for an unknown name, or values of another type or number */
  write(values: Readonly<Record<string, TypedArray>>): Promise<void>;
  /** Frees the engine's memory. Shared variables are freed with the executable that made them. */
  dispose(): Promise<void>;
}
