import { Executable } from './executable.js';
import type { Native } from './native.js';
import { type CompileOptions, encodeCompileOptions, encodeNamedValues, type OptionValue } from './options.js';
import { encodeProgram } from './program.js';

/** The description of a machine to compile for. */
export class Topology {
  #destroyed = false;

  private constructor(
    private readonly native: Native,
    private readonly pointer: bigint,
  ) {}

  /** @internal */
  static create(native: Native, name: string, options: Readonly<Record<string, OptionValue>>): Topology {
    const title = new TextEncoder().encode(`${name}\0`);
    const { values, count, texts } = encodeNamedValues(options, native.addressOf);
    const { topology } = native.call(
      'TopologyDescription_Create',
      { name: title, nameSize: title.length - 1, options: values, optionCount: count },
      texts,
    );
    return new Topology(native, topology);
  }

  /**
   * Compiles a program for the machine. The result can be examined and serialized here, and run there.
   *
   * @param program StableHLO as MLIR text or bytecode
   * @throws PjrtError with XLA's message
   */
  async compile(program: string | Uint8Array, options: CompileOptions = {}): Promise<Executable> {
    if (this.#destroyed) throw new Error('the description has been destroyed');
    const { struct, alive } = encodeProgram(program, this.native.addressOf);
    const settings = encodeCompileOptions(options);
    const { executable } = await this.native.callLater(
      'Compile',
      { topology: this.pointer, program: struct, options: settings, optionsSize: settings.length },
      alive,
    );
    return new Executable(this.native, executable);
  }

  /** Frees the description. Further calls do nothing. */
  destroy(): void {
    if (this.#destroyed) return;
    this.native.call('TopologyDescription_Destroy', { topology: this.pointer });
    this.#destroyed = true;
  }
}
