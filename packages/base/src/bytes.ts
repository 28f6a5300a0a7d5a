import { readFileSync } from 'node:fs';

/** The bytes of a file that comes with a package: a compiled WebAssembly module. Blocks until they are there. */
export function packageBytes(url: URL): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(url));
}
