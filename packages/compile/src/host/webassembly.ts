interface WebAssemblyInterface {
  Memory: new (options: { initial: number }) => { readonly buffer: ArrayBuffer };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: { env: { memory: object } }) => { readonly exports: unknown };
}

/** The little of WebAssembly's interface that is used here: the compiler knows it from its browser library alone. */
export const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyInterface };
