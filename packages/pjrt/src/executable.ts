import { DeviceBuffer } from './buffer.js';
import { type ElementType, elementType } from './element-type.js';
import type { Handles } from './handles.js';
import type { Native } from './native.js';
import { slotOf, slots } from './struct.js';

/** The memory of a compiled program on each device, in bytes. */
export interface ProgramMemory {
  readonly arguments: number;
  readonly outputs: number;
  /** The part of the outputs that reuses donated arguments. */
  readonly aliased: number;
  /** Intermediate values. */
  readonly temporary: number;
  readonly code: number;
}

/** A compiled program, not necessarily on a device. */
export class Executable {
  #destroyed = false;

  /** @internal */
  constructor(
    /** @internal */
    protected readonly native: Native,
    private readonly program: bigint,
  ) {}

  /** The program's memory. @throws PjrtError if the plugin does not say */
  memory(): ProgramMemory {
    const stats = this.native.call('Executable_GetCompiledMemoryStats', { executable: this.program });
    return {
      arguments: Number(stats.arguments),
      outputs: Number(stats.outputs),
      aliased: Number(stats.aliased),
      temporary: Number(stats.temporary),
      code: Number(stats.code),
    };
  }

  /**
   * The program after XLA's passes, an HloModuleProtoWithConfig. @throws PjrtError if the plugin does not support it
   */
  optimizedProgram(): Uint8Array {
    const { native } = this;
    const program = slots([0, 0, 0, 0], native.addressOf);
    const [code, size] = [slotOf(0), slotOf(1)];
    native.call('Executable_OptimizedProgram', { executable: this.program, program });
    const bytes = new Uint8Array(Number(program[size]));
    program[code] = native.addressOf(bytes);
    native.call('Executable_OptimizedProgram', { executable: this.program, program });
    return bytes;
  }

  /** The program as bytes that `Client.deserialize` loads. @throws PjrtError if the plugin does not support it */
  serialize(): Uint8Array {
    const { native } = this;
    const { bytes, size, serialized, deleter } = native.call('Executable_Serialize', {
      executable: this.program,
    });
    const copy = native.bytes(bytes, size);
    native.callDeleter(deleter, serialized);
    return copy;
  }

  /** Frees the program. Further calls do nothing. */
  destroy(): void {
    if (this.#destroyed) return;
    this.native.call('Executable_Destroy', { executable: this.program });
    this.#destroyed = true;
  }
}

/** Shape and element type of each output on one device. */
interface OutputSpec {
  readonly shape: readonly number[];
  readonly type: ElementType;
}

/** A compiled program, loaded on its devices. */
export class LoadedExecutable extends Executable {
  readonly #outputs: readonly OutputSpec[];
  #unloaded = false;

  /** @internal */
  constructor(
    native: Native,
    private readonly loaded: bigint,
    private readonly handles: Handles,
  ) {
    const { executable } = native.call('LoadedExecutable_GetExecutable', { loaded });
    super(native, executable);
    this.#outputs = readOutputs(native, executable);
  }

  /**
   * Runs the program once, on all devices that it was compiled for.
   *
   * @param inputs the arguments of each device, in the program's order. Arguments that the program aliases to an output
   *   (`tf.aliasing_output`) are donated: the output reuses their memory, and only `destroy` may be called on them
   * @returns the outputs of each device, computed
   * @throws PjrtError with XLA's message and the code `RESOURCE_EXHAUSTED` if memory ran out
   */
  async execute(inputs: readonly (readonly DeviceBuffer[])[]): Promise<DeviceBuffer[][]> {
    if (this.#unloaded) throw new Error('the executable has been destroyed');
    const { native } = this;
    const argumentLists = inputs.map((list) => pointers(list.map(({ pointer }) => pointer)));
    const outputLists = inputs.map(() => new BigUint64Array(this.#outputs.length + 1));
    const events = new BigUint64Array(inputs.length);
    // Not on this thread, since XLA:CPU may run the program on the calling one.
    await native.callLater(
      'LoadedExecutable_Execute',
      {
        executable: this.loaded,
        options: slots(executeOptions, native.addressOf),
        arguments: pointers(argumentLists.map(native.addressOf)),
        deviceCount: inputs.length,
        argumentCount: inputs[0]?.length ?? 0,
        outputs: pointers(outputLists.map(native.addressOf)),
        events,
      },
      [argumentLists, outputLists],
    );
    const outputs = outputLists.map((list) =>
      this.#outputs.map(({ shape, type }, i) =>
        this.handles.keep(new DeviceBuffer(native, list[i]!, shape, type, this.handles)),
      ),
    );
    const ends = await Promise.allSettled([...events].map((event) => native.finish(event)));
    const failed = ends.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') {
      for (const buffer of outputs.flat()) buffer.destroy();
      throw failed.reason;
    }
    return outputs;
  }

  override destroy(): void {
    if (this.#unloaded) return;
    super.destroy();
    this.native.call('LoadedExecutable_Destroy', { executable: this.loaded });
    this.#unloaded = true;
    this.handles.forget(this);
  }
}

/** PJRT_ExecuteOptions: no callbacks, no launch id, no exceptions from donation. */
const executeOptions = [0, 0, 0, 0, 0, 0, 0, 0];

/** An array of addresses. It is never empty, because an empty array has no address. */
const pointers = (list: readonly bigint[]) => BigUint64Array.from([...list, 0n]);

function readOutputs(native: Native, executable: bigint): OutputSpec[] {
  const { types, count } = native.call('Executable_OutputElementTypes', { executable });
  const { dimensions, ranks } = native.call('Executable_OutputDimensions', { executable });
  const sizes = native.words(ranks, count).map(Number);
  const all = native.words(
    dimensions,
    sizes.reduce((sum, rank) => sum + BigInt(rank), 0n),
  );
  let from = 0;
  return native.enums(types, count).map((code, i) => {
    const shape = all.slice(from, from + sizes[i]!).map(Number);
    from += sizes[i]!;
    return { shape, type: elementType(code) };
  });
}
