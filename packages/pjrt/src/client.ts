import { elementCount } from '@mlm/base/shape';
import { DeviceBuffer } from './buffer.js';
import type { Device } from './device.js';
import { readDevice } from './device.js';
import { type ElementType, elementTypes } from './element-type.js';
import { LoadedExecutable } from './executable.js';
import { Handles } from './handles.js';
import type { Native } from './native.js';
import { type CompileOptions, encodeCompileOptions, encodeNamedValues, type OptionValue } from './options.js';
import { encodeProgram } from './program.js';

/** Options of {@link Client.upload}. */
export interface UploadOptions {
  /** Element type. Default: that of the array, with uint8 for Uint8Array and uint16 for Uint16Array. */
  readonly type?: ElementType;
  /** Default: the client's first device. */
  readonly device?: Device;
}

/** The devices of a plugin. Destroying a client destroys everything made from it. */
export class Client {
  readonly #handles = new Handles();
  #destroyed = false;

  private constructor(
    private readonly native: Native,
    private readonly pointer: bigint,
    /** Ordered by id. */
    readonly devices: readonly Device[],
    /** `cpu`, `cuda`, `rocm` or `tpu`. */
    readonly platform: string,
    /** The plugin's description of its build. */
    readonly platformVersion: string,
  ) {}

  /** @internal */
  static async create(native: Native, options: Readonly<Record<string, OptionValue>>): Promise<Client> {
    const { values, count, texts } = encodeNamedValues(options, native.addressOf);
    const { client } = await native.callLater(
      'Client_Create',
      { options: values, optionCount: count },
      texts,
    );
    const { devices, deviceCount } = native.call('Client_AddressableDevices', { client });
    const list = native.words(devices, deviceCount).map((pointer) => readDevice(native, pointer));
    const { name, nameSize } = native.call('Client_PlatformName', { client });
    const { version, versionSize } = native.call('Client_PlatformVersion', { client });
    return new Client(
      native,
      client,
      list.sort((a, b) => a.id - b.id),
      native.text(name, nameSize),
      native.text(version, versionSize),
    );
  }

  /** Number of buffers and executables that have not been destroyed. */
  get live(): number {
    return this.#handles.size;
  }

  /**
   * Copies an array to a device. The array may be changed as soon as the call returns.
   *
   * @param data elements in row-major order
   * @throws RangeError if the number of elements does not fit the shape; PjrtError if memory runs out
   */
  upload(data: NodeJS.TypedArray, shape: readonly number[], options: UploadOptions = {}): DeviceBuffer {
    const type = options.type ?? typeOfArray(data);
    const device = options.device ?? this.devices[0]!;
    const count = elementCount(shape);
    if (count !== data.length) {
      throw new RangeError(
        `an array of ${data.length} elements does not fit the shape [${shape}], which has ${count}`,
      );
    }
    const { done, buffer } = this.native.call('Client_BufferFromHostBuffer', {
      client: this.#alive(),
      // An empty array has no address.
      data: count > 0 ? data : new Uint8Array(8),
      type: elementTypes[type].code,
      dimensions: BigInt64Array.from([...shape.map(BigInt), 0n]),
      dimensionCount: shape.length,
      device: device.pointer,
    });
    if (done !== 0n) this.native.call('Event_Destroy', { event: done });
    return this.#handles.keep(new DeviceBuffer(this.native, buffer, shape, type, this.#handles));
  }

  /**
   * Compiles a program.
   *
   * @param program StableHLO as MLIR text or bytecode
   * @throws PjrtError with XLA's message
   */
  async compile(program: string | Uint8Array, options: CompileOptions = {}): Promise<LoadedExecutable> {
    const { struct, alive } = encodeProgram(program, this.native.addressOf);
    const settings = encodeCompileOptions(options);
    const { executable } = await this.native.callLater(
      'Client_Compile',
      { client: this.#alive(), program: struct, options: settings, optionsSize: settings.length },
      alive,
    );
    return this.#handles.keep(new LoadedExecutable(this.native, executable, this.#handles));
  }

  /**
   * Loads the result of {@link LoadedExecutable.serialize}, on the same kind of machine and with the same plugin.
   *
   * @throws PjrtError if the plugin refuses it
   */
  async deserialize(bytes: Uint8Array): Promise<LoadedExecutable> {
    const { executable } = await this.native.callLater('Executable_DeserializeAndLoad', {
      client: this.#alive(),
      bytes,
      size: bytes.length,
    });
    return this.#handles.keep(new LoadedExecutable(this.native, executable, this.#handles));
  }

  /** Frees all remaining buffers and executables, then the devices. Further calls do nothing. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#handles.destroy();
    this.native.call('Client_Destroy', { client: this.#alive() });
    this.#destroyed = true;
  }

  #alive(): bigint {
    if (this.#destroyed) throw new Error('the PJRT client has been destroyed');
    return this.pointer;
  }
}

function typeOfArray(array: NodeJS.TypedArray): ElementType {
  const found = Object.entries(elementTypes).find(
    ([name, type]) => name !== 'bool' && array instanceof type.array,
  );
  if (!found)
    throw new TypeError(`the element type of a ${array.constructor.name} is unknown; pass { type }`);
  return found[0] as ElementType;
}
