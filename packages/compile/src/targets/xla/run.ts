import { mention, say } from '@mlm/base/errors';
import { type DeviceBuffer, type LoadedExecutable, PjrtError } from '@mlm/pjrt';
import { OutOfMemoryError } from '../../error.js';
import type { ExecutableInput } from '../../executable.js';
import type { TypedArray } from '../../graph/graph.js';
import type { InputSpec } from '../../trace/trace.js';
import { type ResolvedInput, resolveInputs, rowsOf } from '../inputs.js';
import { StatefulExecutable } from '../stateful.js';
import type { StableHloModule } from './emit/module.js';
import type { XlaState } from './state.js';

/** A program for given sizes, loaded on its devices. */
export interface XlaProgram extends Pick<StableHloModule, 'parameters' | 'assigned' | 'outputs'> {
  readonly executable: LoadedExecutable;
}

/** Compiles the function for new sizes of its inputs. */
export type MakeProgram = (sizes: ReadonlyMap<string, number>) => Promise<XlaProgram>;

/**
 * Runs a function as programs of XLA, one for each set of sizes. Variables stay on the devices; a program reuses the
 * buffers of those it assigns.
 */
export class XlaExecutable extends StatefulExecutable<XlaState> {
  readonly #programs = new Map<string, Promise<XlaProgram>>();

  constructor(
    private readonly inputs: Readonly<Record<string, InputSpec>>,
    state: XlaState,
    ownsState: boolean,
    private readonly make: MakeProgram,
    readonly device: string,
  ) {
    super(state, ownsState);
  }

  /** Number of compiled programs, one for each set of sizes. */
  get programs(): number {
    return this.#programs.size;
  }

  async run(given: Readonly<Record<string, ExecutableInput>>): Promise<Record<string, TypedArray>> {
    const shares = this.#divide(given).map((share) => resolveInputs(this.inputs, share));
    const { sizes } = shares[0]!;
    const rows = rowsOf(Object.values(shares[0]!.inputs));
    try {
      const program = await this.#programFor(sizes);
      const outputs = await this.#execute(
        program,
        shares.map(({ inputs }) => inputs),
      );
      return await download(program.outputs, outputs);
    } catch (error) {
      throw this.#explain(error, rows);
    }
  }

  protected async release(): Promise<void> {
    for (const program of this.#programs.values()) (await program).executable.destroy();
    this.#programs.clear();
  }

  #programFor(sizes: ReadonlyMap<string, number>): Promise<XlaProgram> {
    const key = JSON.stringify([...sizes]);
    const known = this.#programs.get(key);
    if (known) return known;
    const made = this.make(sizes);
    this.#programs.set(key, made);
    made.catch(() => this.#programs.delete(key));
    return made;
  }

  /** The inputs of each device: its share of the divided inputs, and the others as a whole. */
  #divide(given: Readonly<Record<string, ExecutableInput>>): Record<string, ExecutableInput>[] {
    const count = this.state.devices.list.length;
    return Array.from({ length: count }, (_, k) =>
      Object.fromEntries(
        Object.entries(given).map(([name, input]) => [
          name,
          this.inputs[name]?.divided ? shareOf(name, input, k, count) : input,
        ]),
      ),
    );
  }

  async #execute(
    { executable, parameters, assigned, outputs }: XlaProgram,
    shares: readonly Readonly<Record<string, ResolvedInput>>[],
  ): Promise<DeviceBuffer[]> {
    const { client, list } = this.state.devices;
    const uploaded: DeviceBuffer[] = [];
    const lists = list.map((device, k) =>
      parameters.map(({ name, variable }) => {
        if (variable) return this.state.buffers(name)[k]!;
        const { data, shape } = shares[k]![name]!;
        const buffer = client.upload(data, shape, { device });
        uploaded.push(buffer);
        return buffer;
      }),
    );
    let results: DeviceBuffer[][];
    try {
      results = await executable.execute(lists);
    } finally {
      for (const buffer of uploaded) buffer.destroy();
    }
    assigned.forEach((name, i) => {
      this.state.replace(
        name,
        results.map((own) => own[i]!),
      );
    });
    // All devices have the same outputs; only the first one's are read.
    const [kept, ...others] = results.map((own) =>
      own.slice(assigned.length, assigned.length + outputs.length),
    );
    for (const buffer of others.flat()) buffer.destroy();
    return kept!;
  }

  #explain(error: unknown, rows: number | undefined): unknown {
    const full = error instanceof PjrtError && error.code === 'RESOURCE_EXHAUSTED';
    return full ? new OutOfMemoryError(say`${mention('device', this.device)}`, rows) : error;
  }
}

/** Share k of an input that holds the shares of all devices, one after another. */
function shareOf(name: string, input: ExecutableInput, k: number, count: number): ExecutableInput {
  const { data, shape } = 'shape' in input ? input : { data: input, shape: undefined };
  if (data.length % count !== 0) {
    throw new TypeError(
      `the input '${name}' has ${data.length} values, which cannot be divided among ${count} devices`,
    );
  }
  const size = data.length / count;
  const own = data.subarray(k * size, (k + 1) * size);
  return shape ? { data: own, shape: [shape[0]! / count, ...shape.slice(1)] } : own;
}

async function download(
  names: readonly string[],
  buffers: readonly DeviceBuffer[],
): Promise<Record<string, TypedArray>> {
  try {
    const values: Record<string, TypedArray> = {};
    for (const [i, name] of names.entries()) values[name] = (await buffers[i]!.download()) as TypedArray;
    return values;
  } finally {
    for (const buffer of buffers) buffer.destroy();
  }
}
