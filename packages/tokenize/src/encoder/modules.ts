import { packageBytes } from '@mlm/base/bytes';
import { type WasmModule, WebAssembly } from '@mlm/base/webassembly';

/** The WebAssembly encoders, one module per model: assembly/<name>/encoder.ts. */
const FILES = {
  wordpiece: new URL('../../wasm/wordpiece.wasm', import.meta.url),
  bpe: new URL('../../wasm/bpe.wasm', import.meta.url),
  unigram: new URL('../../wasm/unigram.wasm', import.meta.url),
};

const compiled = new Map<string, WasmModule>();

/** The compiled encoder of a model; it can be posted to other threads. */
export function encoderModule(name: keyof typeof FILES): WasmModule {
  let module = compiled.get(name);
  if (module === undefined) {
    module = new WebAssembly.Module(packageBytes(FILES[name]));
    compiled.set(name, module);
  }
  return module;
}
