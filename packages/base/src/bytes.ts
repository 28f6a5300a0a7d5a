import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** The bytes of a file that comes with a package: a compiled WebAssembly module. Blocks until they are there. */
export function packageBytes(url: URL): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(url));
}

/** Fills the beginning of an array with the bytes of such a file. Blocks until they are there. */
export function readPackageBytes(url: URL, target: Uint8Array): void {
  const file = openSync(url, 'r');
  try {
    let done = 0;
    for (let count = -1; count !== 0 && done < target.length; done += count)
      count = readSync(file, target, done, target.length - done, done);
  } finally {
    closeSync(file);
  }
}
