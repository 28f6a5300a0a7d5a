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
  /** Default: that of the array; Uint8Array is uint8 and Uint16Array uint16. */
  readonly type?: ElementType;
  /** Default: the client's first. */
  readonly device?: Device;
}

/** The devices of a plugin. Everything made from a client ends with it. */
export class Client {
  readonly #handles = new Handles();
  #destroyed = false;

  private constructor(
    private readonly native: Native,
    private readonly pointer: bigint,
    /** In the order of their ids. */
    readonly devices: readonly Device[],
    /** `cpu`, `cuda`, `rocm` or `tpu`. */
    readonly platform: string,
    /** What the plugin says of its build. */
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

  /** Buffers and executables that are not destroyed yet. */
  get live(): number {
    return this.#handles.size;
  }

  /** Copies an array to a device. The array is the caller's again when the call returns. */
  upload(data: NodeJS.TypedArray, shape: readonly number[], options: UploadOptions = {}): DeviceBuffer {
    const type = options.type ?? typeOfArray(data);
    const device = options.device ?? this.devices[0]!;
    const count = elementCount(shape);
    if (count !== data.length) {
      throw new RangeError(`${data.length} elements do not fill the shape [${shape}], which takes ${count}`);
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
   * @param program - StableHLO, as MLIR's text or bytecode
   * @throws PjrtError with what XLA found wrong
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
   * Loads what {@link LoadedExecutable.serialize} wrote, on the same kind of machine and with the same plugin.
   *
   * @throws PjrtError if the plugin does not take it
   */
  async deserialize(bytes: Uint8Array): Promise<LoadedExecutable> {
    const { executable } = await this.native.callLater('Executable_DeserializeAndLoad', {
      client: this.#alive(),
      bytes,
      size: bytes.length,
    });
    return this.#handles.keep(new LoadedExecutable(this.native, executable, this.#handles));
  }

  /** Frees the devices, and before them every buffer and executable that is left. A second call does nothing. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#handles.destroy();
    this.native.call('Client_Destroy', { client: this.#alive() });
    this.#destroyed = true;
  }

  #alive(): bigint {
    if (this.#destroyed) throw new Error('the PJRT client is destroyed');
    return this.pointer;
  }
}

function typeOfArray(array: NodeJS.TypedArray): ElementType {
  const found = Object.entries(elementTypes).find(
    ([name, type]) => name !== 'bool' && array instanceof type.array,
  );
  if (!found) throw new TypeError(`${array.constructor.name}: name the type of its elements`);
  return found[0] as ElementType;
}
