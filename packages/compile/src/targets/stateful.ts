import type { Executable, ExecutableInput } from '../executable.js';
import type { TypedArray } from '../graph/graph.js';

/** An executable's variables, wherever its engine keeps them. The methods do what {@link Executable}'s do. */
export interface State {
  read(names?: readonly string[]): Record<string, TypedArray> | Promise<Record<string, TypedArray>>;
  write(values: Readonly<Record<string, TypedArray>>): void | Promise<void>;
  /** Frees the variables' memory. */
  dispose(): void | Promise<void>;
}

/** An executable whose state other executables can share. */
export abstract class StatefulExecutable<S extends State> implements Executable {
  /** @param ownsState whether the state was made for this executable, which then frees it */
  constructor(
    readonly state: S,
    private readonly ownsState: boolean,
  ) {}

  abstract run(inputs: Readonly<Record<string, ExecutableInput>>): Promise<Record<string, TypedArray>>;

  /** Frees everything but the state. */
  protected abstract release(): Promise<void>;

  async read(names?: readonly string[]): Promise<Record<string, TypedArray>> {
    return this.state.read(names);
  }

  async write(values: Readonly<Record<string, TypedArray>>): Promise<void> {
    await this.state.write(values);
  }

  async dispose(): Promise<void> {
    try {
      await this.release();
    } finally {
      if (this.ownsState) await this.state.dispose();
    }
  }
}
