/** A compiled module, which can be posted to other threads. */
export type WasmModule = object;

/** A memory; growing it detaches the arrays over its buffer. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface WebAssemblyInterface {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports?: object) => { readonly exports: unknown };
  readonly Memory: new (pages: { initial: number }) => WasmMemory;
}

/** The part of WebAssembly that we use: TypeScript declares it only in its browser library. */
export const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyInterface };
