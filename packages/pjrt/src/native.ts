import type koffi from 'koffi';
import { codeName, PjrtError } from './error.js';
import { type FieldName, type FunctionName, tableOrder } from './functions.js';
import { type FieldValue, makeStruct, readStruct } from './struct.js';

type Koffi = typeof koffi;
type NativeFunction = ReturnType<ReturnType<Koffi['load']>['func']>;

/** Slots of PJRT_Api before its functions: size, extensions, and three for the version. */
const FIRST_FUNCTION = 5;
/** Offset of the major and minor version in PJRT_Api, in bytes. */
const VERSION_OFFSET = 32;

const RTLD_NOW = 2;
const RTLD_NODELETE = 0x1000;

/**
 * XLA compiles partly on the caller's stack; koffi's default for asynchronous calls, 128 KiB, is too small for LLVM.
 */
const STACK_BYTES = 16 << 20;

type Values<F extends FunctionName> = Partial<Record<FieldName<F>, FieldValue>>;
type Results<F extends FunctionName> = Record<FieldName<F>, bigint>;

/** The function table of a loaded plugin, and the memory behind its pointers. */
export class Native {
  readonly #functions = new Map<FunctionName, NativeFunction>();
  readonly #held = new Set<object>();
  readonly #prototype;
  readonly #deleter;

  private constructor(
    private readonly koffi: Koffi,
    private readonly table: BigUint64Array,
    /** Version of the API that the plugin was built with, `0.81`. */
    readonly version: string,
  ) {
    this.#prototype = koffi.proto('void *(void *args)');
    this.#deleter = koffi.proto('void (void *object)');
  }

  /** Loads a plugin. @throws Error if the file is not a shared library or does not export GetPjrtApi */
  static async load(path: string): Promise<Native> {
    const { default: koffi } = await import('koffi');
    // XLA logs every client that it opens, and every error that it returns.
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
    growStacks(koffi);
    if (process.platform === 'linux') {
      // The plugin stays loaded: unloading it at exit, as koffi does, runs destructors under XLA's threads and crashes.
      koffi.load(null).func('void *dlopen(const char *path, int flags)')(path, RTLD_NOW | RTLD_NODELETE);
    }
    const api: bigint = koffi.load(path).func('void *GetPjrtApi()')();
    const [size] = koffi.decode(api, 'uint64_t', 1) as BigUint64Array;
    const [major, minor] = koffi.decode(api + BigInt(VERSION_OFFSET), 'int32_t', 2) as Int32Array;
    const table = koffi.decode(api, 'uint64_t', Number(size) / 8) as BigUint64Array;
    return new Native(koffi, table, `${major}.${minor}`);
  }

  readonly addressOf = (array: NodeJS.TypedArray): bigint => this.koffi.address(array);

  /** Copies bytes from an address. */
  bytes(address: bigint, count: bigint): Uint8Array {
    return count === 0n ? new Uint8Array() : this.koffi.decode(address, 'uint8_t', Number(count));
  }

  words(address: bigint, count: bigint): bigint[] {
    return count === 0n ? [] : [...(this.koffi.decode(address, 'uint64_t', Number(count)) as BigUint64Array)];
  }

  enums(address: bigint, count: bigint): number[] {
    return count === 0n ? [] : [...(this.koffi.decode(address, 'int32_t', Number(count)) as Int32Array)];
  }

  text(address: bigint, size: bigint): string {
    return new TextDecoder().decode(this.bytes(address, size));
  }

  /**
   * Calls a function of the API on this thread, for functions that return at once.
   *
   * @param alive arrays that `values` refers to indirectly, which must not be garbage-collected
   * @throws PjrtError with XLA's message
   */
  call<F extends FunctionName>(name: F, values: Values<F> = {}, alive: object = []): Results<F> {
    const struct = makeStruct(name, values, this.addressOf);
    const held = this.#hold([values, alive]);
    try {
      this.#check(name, this.#function(name)(struct));
    } finally {
      this.#held.delete(held);
    }
    return readStruct(name, struct);
  }

  /** Calls a function on another thread, for functions that take long or may run a program on the calling thread. */
  async callLater<F extends FunctionName>(
    name: F,
    values: Values<F>,
    alive: object = [],
  ): Promise<Results<F>> {
    const struct = makeStruct(name, values, this.addressOf);
    const held = this.#hold([values, alive, struct]);
    const error = await new Promise<bigint | null>((resolve, reject) => {
      this.#function(name).async(struct, (failure: Error | null, result: bigint | null) =>
        failure ? reject(failure) : resolve(result),
      );
    }).finally(() => this.#held.delete(held));
    this.#check(name, error);
    return readStruct(name, struct);
  }

  /** Protects arrays from the garbage collector while native code has their addresses. */
  #hold(arrays: object): object {
    this.#held.add(arrays);
    return arrays;
  }

  /** Waits for an event and destroys it. @throws PjrtError if the operation behind it failed */
  async finish(event: bigint): Promise<void> {
    if (event === 0n) return;
    try {
      await this.callLater('Event_Await', { event });
    } finally {
      this.call('Event_Destroy', { event });
    }
  }

  /** Calls a function that the API has returned for freeing an object. */
  callDeleter(address: bigint, object: bigint): void {
    this.koffi.call(address, this.#deleter, object);
  }

  #function(name: FunctionName): NativeFunction {
    const known = this.#functions.get(name);
    if (known) return known;
    const address = this.table[FIRST_FUNCTION + tableOrder.indexOf(name)];
    if (!address) {
      throw new PjrtError(
        name,
        'UNIMPLEMENTED',
        `the plugin, of API version ${this.version}, does not have this function`,
      );
    }
    const found: NativeFunction = this.koffi.decode(address, this.#prototype);
    this.#functions.set(name, found);
    return found;
  }

  #check(name: FunctionName, error: bigint | null): void {
    if (!error) return;
    const message = makeStruct('Error_Message', { error }, this.addressOf);
    this.#function('Error_Message')(message);
    const { message: text, messageSize } = readStruct('Error_Message', message);
    const said = this.text(text, messageSize);
    const code = makeStruct('Error_GetCode', { error }, this.addressOf);
    this.#function('Error_GetCode')(code);
    const number = Number(BigInt.asUintN(32, readStruct('Error_GetCode', code).code));
    this.#function('Error_Destroy')(makeStruct('Error_Destroy', { error }, this.addressOf));
    throw new PjrtError(name, codeName(number), said);
  }
}

/**
 * Gives native calls the stack that XLA needs. koffi takes this once, before anything in the process loads a library.
 *
 * @throws Error if another user of koffi was earlier and left the stacks smaller
 */
function growStacks(koffi: Koffi): void {
  const { async_stack_size = 0, sync_stack_size = 0 } = koffi.config();
  if (Math.min(async_stack_size, sync_stack_size) >= STACK_BYTES) return;
  try {
    koffi.config({ async_stack_size: STACK_BYTES, sync_stack_size: STACK_BYTES });
  } catch {
    const needed = `koffi.config({ async_stack_size: ${STACK_BYTES}, sync_stack_size: ${STACK_BYTES} })`;
    throw new Error(
      `koffi loaded another library before; XLA needs larger stacks: call ${needed} ahead of it`,
    );
  }
}
